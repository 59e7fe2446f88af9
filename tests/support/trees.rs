//! Random trees that cover the whole grammar. They parse; most of them would not check.

use sprag::span::Span;
use sprag::syntax::tree::*;

use super::random::Random;

/// A file of up to `most` items, without comments. All spans are zero.
pub fn file(r: &mut Random, most: usize) -> File {
    File { items: r.some(0, most, item), comments: Vec::new() }
}

/// Any item.
pub fn item(r: &mut Random) -> Item {
    match r.below(24) {
        0 => Item::Catalog(CatalogHeader {
            name: path(r),
            version: text(r),
            from: r.maybe(text),
            any_case: r.one_in(3),
            span: NOWHERE,
        }),
        1 => Item::Use(Use { name: path(r), span: NOWHERE }),
        2 => Item::Enumeration(Enumeration {
            name: name(r),
            ordered: r.one_in(2),
            values: r.some(0, 6, name),
            span: NOWHERE,
        }),
        3 => Item::Kind(Kind {
            name: name(r),
            parent: r.maybe(name),
            fields: r.some(0, 4, field),
            span: NOWHERE,
        }),
        4 => Item::Attributes(Attributes { owner: name(r), fields: r.some(0, 4, field), span: NOWHERE }),
        5 => Item::Model(PermissionModel {
            name: name(r),
            title: r.maybe(text),
            demands_user: r.one_in(2),
            span: NOWHERE,
        }),
        6 => Item::Scope(Scope {
            model: path(r),
            name: scope(r),
            level: r.maybe(|r| 1 + r.below(9) as i64),
            implies: r.some(0, 3, scope),
            span: NOWHERE,
        }),
        7 => Item::Mark(Mark { name: name(r), title: r.maybe(text), gives: r.maybe(name), span: NOWHERE }),
        8 => Item::Operation(Operation {
            name: path(r),
            members: r.some(0, 6, operation_member),
            span: NOWHERE,
        }),
        9 => Item::Naming(Naming {
            path: text(r),
            kind: name(r),
            case: *r.pick(&[None, Some(LetterCase::Upper), Some(LetterCase::Lower)]),
            form: match r.below(5) {
                0 => None,
                1 => Some(NamingForm::Before(text(r))),
                2 => Some(NamingForm::With(text(r))),
                3 => Some(NamingForm::NotNumber),
                _ => Some(NamingForm::Word),
            },
            span: NOWHERE,
        }),
        10 => {
            Item::OperationGroup(OperationGroup { name: name(r), operations: operations(r), span: NOWHERE })
        }
        11 => Item::App(App { name: name(r), members: r.some(0, 8, app_member), span: NOWHERE }),
        12 => Item::Role(Role { name: name(r), operations: operations(r), span: NOWHERE }),
        13 => Item::Group(Group { name: scope(r), members: r.some(0, 5, text), span: NOWHERE }),
        14 => Item::Assignment(Assignment {
            role: name(r),
            principal: match r.below(4) {
                0 => Principal::User(text(r)),
                1 => Principal::Group(scope(r)),
                2 => Principal::Apps(assigned_apps(r)),
                _ => Principal::AnyUser,
            },
            containers: r.maybe(containers),
            span: NOWHERE,
        }),
        15 => Item::Container(Container {
            kind: name(r),
            id: id(r),
            parent: r.maybe(|r| (name(r), id(r))),
            attributes: r.some(0, 3, setting),
            span: NOWHERE,
        }),
        16 => {
            Item::Window(Window { name: name(r), zone: text(r), hours: r.some(0, 4, hours), span: NOWHERE })
        }
        17 => Item::Condition(NamedCondition { name: name(r), condition: condition(r, 4), span: NOWHERE }),
        18 => Item::Rule(rule(r)),
        19 => Item::Ratchet(ratchet(r)),
        20 => Item::Guarantee(Guarantee {
            title: text(r),
            reachable: r.one_in(2),
            claims: r.some(1, 3, claim),
            span: NOWHERE,
        }),
        21 => Item::Widening(Widening {
            reason: text(r),
            growths: r.some(1, 3, growth),
            easings: r.some(0, 3, easing),
            approvers: r.some(1, 3, text),
            until: Expiry {
                at: *r.pick(&[0, 1_798_675_200, 1_798_675_201, -62_167_219_200, 253_402_207_200]),
                span: NOWHERE,
            },
            span: NOWHERE,
        }),
        22 => Item::Authority(Authority { members: r.some(0, 4, authority_member), span: NOWHERE }),
        _ => Item::Test(Test { title: text(r), cases: r.some(1, 3, test_case), span: NOWHERE }),
    }
}

fn easing(r: &mut Random) -> Easing {
    let what = match r.below(3) {
        0 => Eases::Ratchet(name(r)),
        1 => Eases::StepUp(apps(r)),
        _ => Eases::Paths(operations(r)),
    };
    Easing { what, span: NOWHERE }
}

/// `permit` or `forbid`.
pub fn rule(r: &mut Random) -> Rule {
    Rule {
        effect: *r.pick(&[Effect::Permit, Effect::Forbid]),
        apps: apps(r),
        operations: operations(r),
        containers: r.maybe(containers),
        when: r.maybe(|r| condition(r, 4)),
        unless: r.maybe(|r| condition(r, 3)),
        name: r.maybe(name),
        because: r.maybe(text),
        span: NOWHERE,
    }
}

/// Apps by name, or all of a kind.
pub fn apps(r: &mut Random) -> AppPattern {
    if r.one_in(2) {
        return AppPattern::Named(r.some(1, 3, name));
    }
    AppPattern::Any { kind: name(r), filter: r.maybe(|r| condition(r, 2)), except: r.some(0, 2, name) }
}

/// Apps that a role can be assigned to: behind `to`, `any user` means users.
fn assigned_apps(r: &mut Random) -> AppPattern {
    loop {
        match apps(r) {
            AppPattern::Any { kind, .. } if kind.text == "user" => {}
            apps => return apps,
        }
    }
}

/// Operations of all sorts of terms.
pub fn operations(r: &mut Random) -> OperationPattern {
    OperationPattern {
        any: r.some(1, 6, operation_term),
        except: r.some(0, 3, operation_term),
        span: NOWHERE,
    }
}

/// `in` or `at` some containers.
pub fn containers(r: &mut Random) -> ContainerPattern {
    ContainerPattern {
        exact: r.one_in(2),
        terms: r.some(1, 3, |r| ContainerTerm {
            kind: name(r),
            id: r.maybe(id),
            filter: r.maybe(|r| condition(r, 2)),
            span: NOWHERE,
        }),
        span: NOWHERE,
    }
}

/// A condition that nests at most `depth` levels.
pub fn condition(r: &mut Random, depth: usize) -> Condition {
    match r.below(if depth == 0 { 5 } else { 9 }) {
        0 => Condition::Name(path(r)),
        1 => Condition::Constant(r.one_in(2), NOWHERE),
        2 => Condition::Call { name: path(r), arguments: r.some(0, 3, operand), span: NOWHERE },
        3 | 4 => Condition::Compare {
            left: operand(r),
            operator: named(r.pick(&OPERATORS)),
            right: operand(r),
            span: NOWHERE,
        },
        5 => Condition::Not(Box::new(condition(r, depth - 1)), NOWHERE),
        6 => Condition::Any(r.some(2, 4, |r| condition(r, depth - 1))),
        _ => Condition::All(r.some(2, 4, |r| condition(r, depth - 1))),
    }
}

/// A ratchet with its stages.
pub fn ratchet(r: &mut Random) -> Ratchet {
    let mut stages = r.some(0, 4, stage);
    for (index, stage) in stages.iter_mut().enumerate() {
        stage.then = index > 0;
    }
    Ratchet {
        name: name(r),
        apps: apps(r),
        stages,
        reopenings: r.some(0, 2, reopening),
        never: r.some(0, 2, scope),
        span: NOWHERE,
    }
}

/// Any text: quotes, escapes, comments and characters that nobody sees included.
pub fn text(r: &mut Random) -> Text {
    let parts = r.some(0, 5, |r| {
        *r.pick(&[
            "a",
            "Acme GmbH",
            " ",
            "\"",
            "\\",
            "\n",
            "\t",
            "\r",
            "\0",
            "\u{202e}",
            "\u{feff}",
            "é",
            "🦀",
            "// no",
            "{",
            "}",
            "*.example.com",
            "10.0.0.0/8",
            "u{41}",
            "\u{7f}",
            "\u{85}",
            "any",
        ])
    });
    Text { value: parts.concat(), span: NOWHERE }
}

/// A constant; one that nests holds others.
pub fn literal(r: &mut Random, depth: usize) -> Literal {
    let value = match r.below(if depth == 0 { 6 } else { 7 }) {
        0 => LiteralValue::Text(text(r).value),
        1 => LiteralValue::Int(*r.pick(&[0, 1, -1, 42, i64::MAX, i64::MIN])),
        2 => LiteralValue::Bool(r.one_in(2)),
        3 => LiteralValue::Duration(seconds(r)),
        4 => LiteralValue::Instant(*r.pick(&[
            0,
            1_798_675_200,
            1_798_675_201,
            -1,
            -62_167_219_200,
            253_402_207_200,
            951_782_400,
        ])),
        5 => LiteralValue::Word(r.pick(&["restricted", "READ", "read:jira-work", "app", "mon"]).to_string()),
        _ => LiteralValue::List(r.some(0, 4, |r| literal(r, depth - 1))),
    };
    Literal { value, span: NOWHERE }
}

/// A name of one word.
pub fn name(r: &mut Random) -> Name {
    named(r.pick(&NAMES))
}

/// A name with or without dots.
pub fn path(r: &mut Random) -> Name {
    let parts = r.some(1, 3, |r| *r.pick(&NAMES));
    named(parts.join("."))
}

/// A scope or group: bare, or such that it needs quotes.
pub fn scope(r: &mut Random) -> Name {
    match r.below(4) {
        0 => named(&text(r).value),
        1 => named(r.pick(&["in", "event", "command", "true", "9lives", "a b", "a.", "unused", "success"])),
        _ => named(r.pick(&["READ", "WRITE", "read:jira-work", "Mail.Read", "https:x", "x_1"])),
    }
}

/// A container's id: bare, or such that it needs quotes.
pub fn id(r: &mut Random) -> Name {
    match r.below(3) {
        0 => scope(r),
        1 => named(r.pick(&["permit", "then", "user", "when", "_", "key", "for", "until"])),
        _ => named(r.pick(&["PAY", "PAY-1", "10001", "acme.atlassian.net", "a:b"])),
    }
}

const NOWHERE: Span = Span { source: 0, start: 0, end: 0 };

const OPERATORS: [&str; 14] = [
    "==",
    "!=",
    "<",
    "<=",
    ">",
    ">=",
    "in",
    "like",
    "during",
    "intersects",
    "not in",
    "not like",
    "not during",
    "within",
];

/// Some are words that mean something elsewhere.
const NAMES: [&str; 27] = [
    "timesheets",
    "jira",
    "issue",
    "a",
    "b-2",
    "x_y",
    "project",
    "read",
    "app-key",
    "Confidential",
    "permit",
    "app",
    "kind",
    "group",
    "user",
    "filter",
    "only",
    "holds",
    "inherited",
    "version",
    "rule",
    "test",
    "for",
    "until",
    "widen",
    "path",
    "names",
];

fn named(text: impl AsRef<str>) -> Name {
    Name { text: text.as_ref().to_string(), span: NOWHERE }
}

fn seconds(r: &mut Random) -> i64 {
    *r.pick(&[0, 1, 59, 60, 5400, 86_400, 7_776_000, 90_061, i64::MAX])
}

fn field(r: &mut Random) -> Field {
    Field { name: path(r), type_name: name(r), inherited: r.one_in(2), span: NOWHERE }
}

fn setting(r: &mut Random) -> Assign {
    Assign { name: path(r), value: literal(r, 2), span: NOWHERE }
}

fn operation_member(r: &mut Random) -> OperationMember {
    match r.below(6) {
        0 => OperationMember::Access(name(r)),
        1 => OperationMember::In(name(r)),
        2 => OperationMember::Lists(name(r)),
        3 => OperationMember::Http { method: name(r), path: text(r) },
        4 => {
            let alternative =
                |r: &mut Random| Alternative { least: r.one_in(3), scopes: r.some(1, 4, scope) };
            OperationMember::Requires { model: path(r), alternatives: r.some(1, 3, alternative) }
        }
        _ => OperationMember::Marks(r.some(1, 3, name)),
    }
}

fn app_member(r: &mut Random) -> AppMember {
    match r.below(10) {
        0 => AppMember::Key(text(r)),
        1 => AppMember::Vendor(text(r)),
        2 => AppMember::Kind(name(r)),
        3 => AppMember::Platform(r.some(1, 2, path)),
        4 => AppMember::Requests(r.some(1, 9, scope)),
        5 => AppMember::Approved(r.some(1, 3, scope)),
        7 => AppMember::Optional(r.some(1, 3, scope)),
        8 => AppMember::StepUp(StepUp {
            approvers: *r.pick(&[1, 2]),
            group: scope(r),
            seconds: seconds(r),
            span: NOWHERE,
        }),
        6 => AppMember::User { role: name(r), containers: r.maybe(containers), span: NOWHERE },
        _ => AppMember::Installed(r.some(1, 3, text)),
    }
}

fn operation_term(r: &mut Random) -> OperationTerm {
    match r.below(6) {
        0 => OperationTerm::All(NOWHERE),
        1 => OperationTerm::Marked(name(r)),
        2 => OperationTerm::Named(named(r.pick(&["*", "jira.*", "jira.*.get", "*-all", "a*b.c"]))),
        _ => OperationTerm::Named(path(r)),
    }
}

fn hours(r: &mut Random) -> Hours {
    let day = |r: &mut Random| named(r.pick(&["mon", "tue", "wed", "thu", "fri", "sat", "sun", "daily"]));
    let (start, end) = (r.below(1441) as u32, r.below(1441) as u32);
    Hours { first_day: day(r), last_day: r.maybe(day), start, end, span: NOWHERE }
}

fn operand(r: &mut Random) -> Operand {
    if r.one_in(2) {
        return Operand::Path(path(r));
    }
    let literal = literal(r, 2);
    match literal.value {
        // Outside of lists a bare word is a path.
        LiteralValue::Word(word) => Operand::Path(named(word.replace(':', "."))),
        _ => Operand::Literal(literal),
    }
}

fn stage(r: &mut Random) -> Stage {
    Stage {
        name: named(r.pick(&["start", "configured", "settled", "permit", "user"])),
        then: false,
        locked: r.one_in(2),
        holds: r.maybe(|r| r.some(1, 3, scope)),
        withdraws: r.some(0, 2, |r| Withdrawal {
            operations: operations(r),
            containers: r.maybe(containers),
            span: NOWHERE,
        }),
        triggers: r.some(0, 3, trigger),
        span: NOWHERE,
    }
}

fn trigger(r: &mut Random) -> Trigger {
    match r.below(5) {
        0 => Trigger::Event(text(r)),
        1 => Trigger::After {
            seconds: seconds(r),
            since: match r.below(3) {
                0 => Since::Install(NOWHERE),
                1 => Since::Event(text(r)),
                _ => Since::Stage(name(r)),
            },
            span: NOWHERE,
        },
        2 => Trigger::Unused { scope: scope(r), seconds: seconds(r), span: NOWHERE },
        3 => Trigger::Count { times: *r.pick(&[1, 2, 1000]), operation: path(r), span: NOWHERE },
        _ => Trigger::Command(NOWHERE),
    }
}

fn reopening(r: &mut Random) -> Reopening {
    Reopening {
        stage: name(r),
        approvers: *r.pick(&[1, 2]),
        group: scope(r),
        seconds: seconds(r),
        span: NOWHERE,
    }
}

fn claim(r: &mut Random) -> Claim {
    Claim {
        always: r.one_in(2),
        apps: apps(r),
        operations: operations(r),
        containers: r.maybe(containers),
        when: r.maybe(|r| condition(r, 3)),
        unless: r.maybe(|r| condition(r, 2)),
        span: NOWHERE,
    }
}

fn growth(r: &mut Random) -> Growth {
    Growth {
        apps: apps(r),
        operations: operations(r),
        containers: r.maybe(containers),
        when: r.maybe(|r| condition(r, 3)),
        unless: r.maybe(|r| condition(r, 2)),
        span: NOWHERE,
    }
}

fn authority_member(r: &mut Random) -> AuthorityMember {
    let from = named(r.pick(&["policy", "caller"]));
    match r.below(3) {
        0 => AuthorityMember::Lifecycle { from },
        1 => AuthorityMember::AppUser { from, except: r.maybe(|r| condition(r, 2)) },
        _ => AuthorityMember::ContextUser { from, required: r.maybe(|r| condition(r, 2)) },
    }
}

fn test_case(r: &mut Random) -> TestCase {
    TestCase {
        subject: match r.below(3) {
            0 => TestSubject::Anonymous(NOWHERE),
            1 => TestSubject::App(name(r)),
            _ => TestSubject::Key(text(r)),
        },
        target: match r.below(3) {
            0 => TestTarget::Operation(path(r)),
            1 => TestTarget::Unknown(text(r)),
            _ => TestTarget::Http { method: name(r), path: text(r) },
        },
        containers: r.some(0, 2, |r| TestContainer {
            kind: name(r),
            id: id(r),
            attributes: r.some(0, 2, setting),
            span: NOWHERE,
        }),
        with: r.some(0, 3, setting),
        expect: expectation(r),
        span: NOWHERE,
    }
}

fn expectation(r: &mut Random) -> Expectation {
    let layers = r.some(0, 2, name);
    Expectation {
        permit: r.one_in(2),
        only: !layers.is_empty() && r.one_in(2),
        layers,
        rule: r.maybe(scope),
        filter: r.one_in(2),
        step_up: r.maybe(|r| r.some(0, 3, scope)),
        span: NOWHERE,
    }
}
