//! Exchange's application access policies, written as Sprag, decide as Microsoft's documentation says: in every
//! combination, in the evaluator and in the runtime.
//!
//! The five rules only ask, for an app and a mailbox, whether some DenyAccess matches, whether some RestrictAccess
//! matches, and whether there is a RestrictAccess for the app at all. Two groups, and policies for one app and for all
//! (`*`), bring about each answer in every way: 2^4 sets of policies for `*`, 2^4 for the app itself, 2^2 memberships
//! of a mailbox.
#![expect(clippy::disallowed_methods, reason = "a pack is a file")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use sprag::request::{ContainerFact, Request, Target, Value};
use sprag::sema::model::Model;
use sprag::shelf;
use sprag_test_support::compiled::{self, Compiled};

const GROUPS: [&str; 2] = ["G1", "G2"];

/// An application access policy: what it does, for which app (`None` is `*`), and the group it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct AccessPolicy<'a> {
    right: Right,
    app: Option<&'a str>,
    group: &'a str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Right {
    Restrict,
    Deny,
}

/// Microsoft, *New-ApplicationAccessPolicy*: "verified using the following rules (in the same order)".
///
/// | rule | holds if | access |
/// | --- | --- | --- |
/// | 1, 2 | a DenyAccess policy exists for the application and target mailbox, whatever RestrictAccess there is | denied |
/// | 3 | a RestrictAccess policy matches the application and target mailbox | granted |
/// | 4 | there are RestrictAccess policies for the application, and the mailbox is a member of none | denied |
/// | 5 | none of these | granted |
fn documented(policies: &[AccessPolicy], app: &str, member_of: &BTreeSet<&str>) -> bool {
    let of_app = || policies.iter().filter(|policy| policy.app.is_none_or(|named| named == app));
    let exists = |right: Right| of_app().any(|policy| policy.right == right);
    let matches =
        |right: Right| of_app().any(|policy| policy.right == right && member_of.contains(policy.group));
    match () {
        () if matches(Right::Deny) => false,
        () if matches(Right::Restrict) => true,
        () if exists(Right::Restrict) => false,
        () => true,
    }
}

/// The policies in Sprag, as the pack writes them: a RestrictAccess is a `permit` in the group's mailboxes, a DenyAccess
/// a `forbid` there, and whom no RestrictAccess names has a `permit` without a limit.
fn written(policies: &[AccessPolicy], apps: &[String]) -> String {
    let mut text = String::from("use microsoft.exchange\n\nrole everything { any operation }\n");
    for app in apps {
        text += &format!(
            "app {app} {{ key \"{app}\" platform microsoft.exchange.ews requests full_access_as_app user everything }}\n"
        );
        let restricts =
            |policy: &&AccessPolicy| policy.right == Right::Restrict && policy.app.is_none_or(|p| p == app);
        if !policies.iter().any(|policy| restricts(&policy)) {
            text += &format!("permit {app} to marked application-access-policy-binds\n");
        }
    }
    for policy in policies {
        let effect = match policy.right {
            Right::Restrict => "permit",
            Right::Deny => "forbid",
        };
        let (app, group) = (policy.app.unwrap_or("any app"), policy.group);
        text += &format!(
            "{effect} {app} to marked application-access-policy-binds in mailbox where \"{group}\" in groups\n"
        );
    }
    text
}

#[test]
fn all_combinations_of_policies_and_memberships_are_decided_as_documented() {
    let mut answers: BTreeMap<bool, usize> = BTreeMap::new();
    for for_all in subsets(4) {
        let own: Vec<(String, Vec<usize>)> =
            subsets(4).into_iter().map(|set| (format!("app-{}", number(&set)), set)).collect();
        let mut policies: Vec<AccessPolicy> = for_all.iter().map(|kind| policy(*kind, None)).collect();
        for (app, set) in &own {
            policies.extend(set.iter().map(|kind| policy(*kind, Some(app))));
        }
        let apps: Vec<String> = own.iter().map(|(app, _)| app.clone()).collect();
        let compiled = compile(written(&policies, &apps), "microsoft.exchange");
        let mut point = compiled.point();
        let operations = bound(&compiled.model);
        assert!(operations.len() >= 10, "{operations:?}");
        for app in &apps {
            for groups in subsets(GROUPS.len()) {
                let member_of: BTreeSet<&str> = groups.iter().map(|at| GROUPS[*at]).collect();
                let wanted = documented(&policies, app, &member_of);
                *answers.entry(wanted).or_default() += 1;
                for operation in &operations {
                    let request = request(app, operation, Some(&member_of));
                    let permitted = compiled.permits(&mut point, &request);
                    assert_eq!(
                        permitted, wanted,
                        "{app}, {operation}, member of {member_of:?}: {policies:#?}"
                    );
                }
            }
        }
    }
    assert_eq!(answers.values().sum::<usize>(), 16 * 16 * 4);
    // By hand, of 256 sets each: in no group, the 16 without RestrictAccess; in one, those without a DenyAccess there, 48
    // with a RestrictAccess there and 4 without any; in both, the 16 without DenyAccess.
    assert_eq!(16 + 2 * (48 + 4) + 16, 136);
    assert_eq!(answers, BTreeMap::from([(false, 888), (true, 136)]));
}

#[test]
fn a_membership_that_is_not_told_never_helps() {
    for for_all in subsets(4) {
        let policies: Vec<AccessPolicy> = for_all.iter().map(|kind| policy(*kind, None)).collect();
        let compiled = compile(written(&policies, &["app".to_owned()]), "microsoft.exchange");
        let mut point = compiled.point();
        let always = subsets(GROUPS.len())
            .into_iter()
            .all(|groups| documented(&policies, "app", &groups.iter().map(|at| GROUPS[*at]).collect()));
        let unknown = request("app", "exchange.mail.read", None);
        let permitted = compiled.permits(&mut point, &unknown);
        assert!(!permitted || always, "permitted to who does not say it: {policies:#?}");
    }
}

#[test]
fn the_pack_decides_as_its_policies_are_documented_to() {
    const CRM: &str = "11111111-0000-0000-0000-000000000001";
    const ARCHIVE: &str = "11111111-0000-0000-0000-000000000002";
    const SCANNER: &str = "11111111-0000-0000-0000-000000000003";
    // What the comments of the pack say that it writes down.
    let policies = [
        AccessPolicy { right: Right::Restrict, app: Some(CRM), group: "PILOT" },
        AccessPolicy { right: Right::Deny, app: Some(ARCHIVE), group: "HR" },
        AccessPolicy { right: Right::Deny, app: None, group: "BOARD" },
    ];
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("policies/packs/exchange-access-policies/policy.sprag");
    let compiled = compile(fs::read_to_string(path).unwrap(), "microsoft.graph");
    let mut point = compiled.point();
    let groups = ["BOARD", "HR", "PILOT", "SALES"];
    for app in [CRM, ARCHIVE, SCANNER] {
        for set in subsets(groups.len()) {
            let member_of: BTreeSet<&str> = set.iter().map(|at| groups[*at]).collect();
            let request = request(app, "graph.users.messages.get", Some(&member_of));
            let wanted = documented(&policies, app, &member_of);
            assert_eq!(compiled.permits(&mut point, &request), wanted, "{app}, member of {member_of:?}");
        }
    }
}

/// The four policies that there can be for one `-AppId`: each right, each group.
fn policy(kind: usize, app: Option<&str>) -> AccessPolicy<'_> {
    let right = if kind.is_multiple_of(2) { Right::Restrict } else { Right::Deny };
    AccessPolicy { right, app, group: GROUPS[kind / 2] }
}

/// All subsets of the numbers below `of`.
fn subsets(of: usize) -> Vec<Vec<usize>> {
    (0..1_usize << of).map(|set| (0..of).filter(|at| set >> at & 1 == 1).collect()).collect()
}

fn number(set: &[usize]) -> usize {
    set.iter().map(|at| 1 << at).sum()
}

/// The policy with the catalogs that its `use` reaches, out of those that come with the program.
#[track_caller]
fn compile(policy: String, uses: &str) -> Compiled {
    let names = ["common", "microsoft", uses];
    let catalogs = names.iter().map(|name| shelf::find(name).expect("it comes with the program").text());
    compiled::files([policy].into_iter().chain(catalogs).collect(), "")
}

/// The operations that application access policies bind.
fn bound(model: &Model) -> Vec<String> {
    let mark = model.marks.iter().position(|mark| mark.name == "application-access-policy-binds").unwrap();
    let bound = model.operations.iter().filter(|o| o.marks.iter().any(|id| id.index() == mark));
    bound.map(|operation| operation.name.clone()).collect()
}

/// For a mailbox in these groups; in some groups if `None`.
fn request(app: &str, operation: &str, member_of: Option<&BTreeSet<&str>>) -> Request {
    let set = |groups: &BTreeSet<&str>| Value::Set(groups.iter().map(|g| (*g).to_owned()).collect());
    let attributes = member_of.map(|groups| ("groups".to_owned(), set(groups))).into_iter().collect();
    let mailbox = ContainerFact { kind: "mailbox".to_owned(), id: Some("ann".to_owned()), attributes };
    Request {
        app: Some(app.to_owned()),
        operation: Target::Name(operation.to_owned()),
        containers: vec![mailbox],
        ..Request::default()
    }
}
