//! Items of all sorts.

use super::conditions::{condition, literal};
use super::patterns::{Clauses, apps, apps_before, containers, list};
use super::{Element, Member, Printer, words};
use crate::span::Span;
use crate::syntax::doc::Doc;
use crate::syntax::tree::{
    Assign, Assignment, CatalogHeader, Container, Effect, Enumeration, Field, Group, Hours, Item, Kind,
    LetterCase, Mark, Naming, NamingForm, PermissionModel, Principal, Rule, Scope, Window,
};

impl Printer<'_> {
    pub(super) fn item(&mut self, item: &Item) -> Doc {
        match item {
            Item::Catalog(catalog) => catalog_header(catalog),
            Item::Use(used) => Doc::Text(format!("use {}", used.name.text)),
            Item::Enumeration(enumeration) => self.enumeration(enumeration),
            Item::Kind(kind) => self.kind(kind),
            Item::Attributes(attributes) => {
                let header = Doc::Text(format!("attributes {}", attributes.owner.text));
                self.block(header, fields(&attributes.fields), attributes.span)
            }
            Item::Model(model) => model_line(model),
            Item::Scope(scope) => scope_line(scope),
            Item::Mark(mark) => mark_line(mark),
            Item::Naming(naming) => naming_line(naming),
            Item::Operation(operation) => self.operation(operation),
            Item::OperationGroup(group) => {
                let header = Doc::Text(format!("operation group {}", group.name.text));
                self.operations_body(header, &group.operations, group.span)
            }
            Item::App(app) => self.app(app),
            Item::Role(role) => self.operations_body(
                Doc::Text(format!("role {}", role.name.text)),
                &role.operations,
                role.span,
            ),
            Item::Group(group) => self.group(group),
            Item::Assignment(assignment) => self.assignment(assignment),
            Item::Container(container) => self.container(container),
            Item::Window(window) => self.window(window),
            Item::Condition(named) => {
                let header = Doc::Text(format!("condition {} = ", named.name.text));
                Doc::Concat(vec![header, condition(&named.condition)]).nest()
            }
            Item::Rule(rule) => self.rule_item(rule),
            Item::Ratchet(ratchet) => self.ratchet(ratchet),
            Item::Guarantee(guarantee) => self.guarantee(guarantee),
            Item::Widening(widening) => self.widening(widening),
            Item::Authority(authority) => self.authority(authority),
            Item::Test(test) => self.test(test),
        }
    }

    fn enumeration(&mut self, enumeration: &Enumeration) -> Doc {
        let ordered = if enumeration.ordered { " ordered" } else { "" };
        let header = Doc::Text(format!("enum {}{ordered}", enumeration.name.text));
        let last = enumeration.values.len().saturating_sub(1);
        let element = |(index, value): (usize, &crate::syntax::tree::Name)| Element {
            at: value.span.start,
            doc: Doc::Text(format!("{}{}", value.text, if index < last { "," } else { "" })),
        };
        let values = enumeration.values.iter().enumerate().map(element).collect();
        self.braced(header, values, true, enumeration.span)
    }

    fn kind(&mut self, kind: &Kind) -> Doc {
        let parent = kind.parent.as_ref().map_or(String::new(), |parent| format!(" in {}", parent.text));
        let header = Doc::Text(format!("kind {}{parent}", kind.name.text));
        if kind.fields.is_empty() {
            return header;
        }
        self.block(header, fields(&kind.fields), kind.span)
    }

    fn group(&mut self, group: &Group) -> Doc {
        let last = group.members.len().saturating_sub(1);
        let members = group.members.iter().enumerate().map(|(index, member)| Element {
            at: member.span.start,
            doc: Doc::Text(format!(
                "{}{}",
                words::quoted(&member.value),
                if index < last { "," } else { "" }
            )),
        });
        let members = members.collect();
        self.braced(Doc::Text(format!("group {}", words::scope(&group.name))), members, false, group.span)
    }

    fn assignment(&mut self, assignment: &Assignment) -> Doc {
        let principal = match &assignment.principal {
            Principal::User(id) => Doc::Text(format!("user {}", words::quoted(&id.value))),
            Principal::Group(name) => Doc::Text(format!("group {}", words::scope(name))),
            Principal::AnyUser => Doc::Text("any user".to_string()),
            Principal::Apps(pattern) => apps_before(pattern, assignment.containers.is_some()),
        };
        let head = Doc::Text(format!("assign {} to ", assignment.role.text));
        let head = Doc::Concat(vec![head, principal]);
        match &assignment.containers {
            Some(pattern) => {
                let place = Doc::Concat(vec![self.gap(pattern.span.start, Doc::Line), containers(pattern)]);
                Doc::Concat(vec![head, place.nest()]).group()
            }
            None => head,
        }
    }

    fn container(&mut self, container: &Container) -> Doc {
        let mut header = format!("container {} {}", container.kind.text, words::id(&container.id));
        if let Some((kind, id)) = &container.parent {
            header.push_str(&format!(" in {} {}", kind.text, words::id(id)));
        }
        let header = Doc::Text(header);
        match container.attributes.as_slice() {
            [] => header,
            [one] => {
                let element = Element { at: one.name.span.start, doc: setting(one) };
                self.braced(header, vec![element], false, container.span)
            }
            many => {
                let members = many.iter().map(|assign| member(assign.name.span, move |_| setting(assign)));
                let members = members.collect();
                self.block(header, members, container.span)
            }
        }
    }

    fn window(&mut self, window: &Window) -> Doc {
        let header =
            Doc::Text(format!("window {} in {}", window.name.text, words::quoted(&window.zone.value)));
        let hours = window.hours.iter().map(|hours| member(hours.first_day.span, move |_| hours_line(hours)));
        let hours = hours.collect();
        self.block(header, hours, window.span)
    }

    fn rule_item(&mut self, rule: &Rule) -> Doc {
        let verb = match rule.effect {
            Effect::Permit => "permit",
            Effect::Forbid => "forbid",
        };
        let clauses = Clauses {
            containers: rule.containers.as_ref(),
            when: rule.when.as_ref(),
            unless: rule.unless.as_ref(),
            name: rule.name.as_ref(),
            because: rule.because.as_ref(),
        };
        self.rule(verb, &rule.apps, &rule.operations, &clauses)
    }

    fn ratchet(&mut self, ratchet: &crate::syntax::tree::Ratchet) -> Doc {
        let head = Doc::Text(format!("ratchet {} on ", ratchet.name.text));
        let header = Doc::Concat(vec![head, apps(&ratchet.apps)]).nest();
        self.block(header, super::members::stages(ratchet), ratchet.span)
    }
}

/// What the item starts with.
pub(super) fn keyword(item: &Item) -> &'static str {
    match item {
        Item::Catalog(_) => "catalog",
        Item::Use(_) => "use",
        Item::Enumeration(_) => "enum",
        Item::Kind(_) => "kind",
        Item::Attributes(_) => "attributes",
        Item::Model(_) => "model",
        Item::Scope(_) => "scope",
        Item::Mark(_) => "mark",
        Item::Naming(_) => "path",
        Item::Operation(_) => "operation",
        Item::OperationGroup(_) => "operation group",
        Item::App(_) => "app",
        Item::Role(_) => "role",
        Item::Group(_) => "group",
        Item::Assignment(_) => "assign",
        Item::Container(_) => "container",
        Item::Window(_) => "window",
        Item::Condition(_) => "condition",
        Item::Rule(rule) => match rule.effect {
            Effect::Permit => "permit",
            Effect::Forbid => "forbid",
        },
        Item::Ratchet(_) => "ratchet",
        Item::Guarantee(_) => "ensure",
        Item::Widening(_) => "widen",
        Item::Authority(_) => "authority",
        Item::Test(_) => "test",
    }
}

/// `category = "Finance"`
pub(super) fn setting(assign: &Assign) -> Doc {
    Doc::Concat(vec![Doc::Text(format!("{} = ", assign.name.text)), literal(&assign.value)])
}

/// A member that stands at `span`.
pub(super) fn member<'a, 'f>(span: Span, print: impl FnOnce(&mut Printer<'f>) -> Doc + 'a) -> Member<'a, 'f> {
    Member { at: span.start, spaced: false, print: Box::new(print) }
}

fn catalog_header(catalog: &CatalogHeader) -> Doc {
    let mut text = format!("catalog {} version {}", catalog.name.text, words::quoted(&catalog.version.value));
    if let Some(from) = &catalog.from {
        text.push_str(&format!(" from {}", words::quoted(&from.value)));
    }
    if catalog.any_case {
        text.push_str(" paths in any case");
    }
    Doc::Text(text)
}

fn model_line(model: &PermissionModel) -> Doc {
    let title =
        model.title.as_ref().map_or(String::new(), |title| format!(" {}", words::quoted(&title.value)));
    let demands = if model.demands_user { " demands user" } else { "" };
    Doc::Text(format!("model {}{title}{demands}", model.name.text))
}

fn scope_line(scope: &Scope) -> Doc {
    let level = scope.level.map_or(String::new(), |level| format!(" level {level}"));
    let head = Doc::Text(format!("scope {} {}{level}", scope.model.text, words::scope(&scope.name)));
    if scope.implies.is_empty() {
        return head;
    }
    let implies = Doc::Concat(vec![Doc::text(" implies "), list(scope.implies.iter().map(words::scope))]);
    Doc::Concat(vec![head, implies]).nest()
}

fn mark_line(mark: &Mark) -> Doc {
    let title =
        mark.title.as_ref().map_or(String::new(), |title| format!(" {}", words::quoted(&title.value)));
    let gives = mark.gives.as_ref().map_or(String::new(), |power| format!(" gives {}", power.text));
    Doc::Text(format!("mark {}{title}{gives}", mark.name.text))
}

fn naming_line(naming: &Naming) -> Doc {
    let case = match naming.case {
        Some(LetterCase::Upper) => " in upper case",
        Some(LetterCase::Lower) => " in lower case",
        None => "",
    };
    let form = match &naming.form {
        Some(NamingForm::Before(mark)) => format!(" before {}", words::quoted(&mark.value)),
        Some(NamingForm::With(mark)) => format!(" with {}", words::quoted(&mark.value)),
        Some(NamingForm::NotNumber) => " unless number".to_owned(),
        Some(NamingForm::Word) => " if word".to_owned(),
        None => String::new(),
    };
    let path = words::quoted(&naming.path.value);
    Doc::Text(format!("path {path} names {}{case}{form}", naming.kind.text))
}

fn fields<'t, 'f>(fields: &'t [Field]) -> Vec<Member<'t, 'f>> {
    let line = |field: &Field| {
        let inherited = if field.inherited { " inherited" } else { "" };
        Doc::Text(format!("{}: {}{inherited}", field.name.text, field.type_name.text))
    };
    fields.iter().map(|field| member(field.name.span, move |_| line(field))).collect()
}

fn hours_line(hours: &Hours) -> Doc {
    let last = hours.last_day.as_ref().map_or(String::new(), |day| format!("-{}", day.text));
    let (start, end) = (words::time_of_day(hours.start), words::time_of_day(hours.end));
    Doc::Text(format!("{}{last} {start}-{end}", hours.first_day.text))
}
