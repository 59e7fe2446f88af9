//! Power over what is classified highest.

use crate::analysis::privilege::containers;
use crate::diag::Diagnostic;
use crate::lint::{Level, Rule, Subject};
use crate::parallel;
use crate::sema::model::AppId;

pub(crate) static RULE: Rule = Rule {
    code: "SPR0110",
    name: "classified-power",
    title: "an app that may do something at the highest classification",
    default: Level::Note,
    page: include_str!("classified_power.md"),
    thresholds: &[],
    check,
};

fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let model = subject.model;
    for ladder in containers::ladders(model) {
        let of = |app: &AppId| containers::highest(model, subject.regions(), *app, &ladder);
        for highest in parallel::map(&subject.apps(), &of).into_iter().flatten().filter(|h| h.top) {
            let app = &model.apps[highest.app.index()].name;
            let value = &model.enumerations[ladder.enumeration.index()].values[highest.value as usize];
            let (operation, name) = (&model.operations[highest.operation.index()].name, &ladder.name);
            let finding = RULE
                .finding(format!("`{app}` comes to what has {name} `{value}`, and that is the highest"))
                .at(subject.place_of(highest.app), format!("may call `{operation}` there"))
                .help(format!(
                    "if it is not meant: `forbid {app} to any operation when container.{name} >= {value}`"
                ));
            found.extend(subject.proved(finding, &highest.witness));
        }
    }
}
