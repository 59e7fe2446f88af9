//! What happens to an installation, and why something asked for is not done.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use super::marks::Target;

/// Something that happened, or that somebody wants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// What.
    pub what: What,
    /// Who did it, or tells of it.
    pub by: String,
    /// Why; what takes nothing and gives nothing needs none.
    pub reason: String,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// Time went on, perhaps.
    Tick,
    /// The app was installed by somebody who agrees to what this version asks for.
    ///
    /// Only the first time: what an installation lost by being removed has to be approved.
    Installed {
        /// The version.
        version: String,
        /// The scopes that it asks for.
        asks: BTreeSet<String>,
    },
    /// The app was removed.
    Uninstalled,
    /// Another version of the app runs, or wants to.
    Version {
        /// The version.
        version: String,
        /// The scopes that it asks for.
        asks: BTreeSet<String>,
    },
    /// The catalogs of the policy at hand are in force now; see [`super::opened`].
    Catalogs {
        /// The operations that scopes open now and did not before.
        opened: BTreeSet<String>,
    },
    /// Something was reported under a name: the end of a setup, an alert.
    Reported(String),
    /// Permitted requests were made.
    Used {
        /// By scope that was needed, when last.
        scopes: BTreeMap<String, i64>,
        /// By operation, how many succeeded.
        successes: BTreeMap<String, u64>,
    },
    /// An administrator turns a ratchet to a later stage.
    Turn {
        /// The ratchet.
        ratchet: String,
        /// The stage.
        stage: String,
    },
    /// An administrator takes something away.
    Withdraw(Target),
    /// Somebody approves that the installation may hold something: what waits, what is optional, what was taken.
    Approve(Approval),
    /// Somebody approves that a ratchet is turned back for a while.
    Reopen {
        /// Which approval this is a part of.
        id: String,
        /// The ratchet.
        ratchet: String,
        /// The stage to turn back to.
        stage: String,
        /// For how many seconds.
        seconds: Option<i64>,
        /// Groups in which a directory says the person is.
        groups: BTreeSet<String>,
    },
}

/// One person's approval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    /// Which approval this is a part of: all of one name are about the same.
    pub id: String,
    /// Names of scopes.
    pub scopes: BTreeSet<String>,
    /// Names of operations.
    pub operations: BTreeSet<String>,
    /// Kind and id of containers.
    pub containers: BTreeSet<(String, String)>,
    /// For how many seconds; `None`: until it is taken away.
    pub seconds: Option<i64>,
    /// Groups in which a directory says the person is.
    pub groups: BTreeSet<String>,
}

/// Why nothing was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// The policy has no app with this key.
    UnknownApp(String),
    /// The installation is not known to be there.
    NotInstalled,
    /// Nobody is named who does it.
    NoActor,
    /// No reason is given.
    NoReason,
    /// The app has no such ratchet, the ratchet no such stage, the policy no such scope, operation or kind.
    Unknown {
        /// `ratchet`, `stage`, `scope`, `operation`, `kind`.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// The ratchet stands there already, or further on.
    ReachedAlready {
        /// The ratchet.
        ratchet: String,
        /// The stage.
        stage: String,
    },
    /// Nothing in the policy waits for this event.
    NobodyWaits(String),
    /// A ratchet's stage took the scope; that stage must be reopened.
    TakenByStage {
        /// The scope.
        scope: String,
        /// The ratchet.
        ratchet: String,
        /// The stage that was reached.
        stage: String,
    },
    /// The policy does not let the app hold the scope, whoever approves.
    BeyondCeiling(String),
    /// The policy says that the scope never comes back.
    NeverRegrows(String),
    /// The stage was reached and is locked.
    Locked(String),
    /// The policy declares no way back to this stage.
    NoReopening(String),
    /// The person is not in the group that must approve.
    NotInGroup {
        /// Who.
        by: String,
        /// The group.
        group: String,
    },
    /// An approval that needs an end has none.
    NoExpiry,
    /// The end is no time, or further off than the policy lets it be.
    BadExpiry {
        /// The longest, in seconds.
        most: Option<i64>,
    },
    /// The approval asks for nothing.
    Nothing,
    /// Everything asked for is held already.
    HeldAlready,
    /// The same person approved this before.
    ApprovedBefore(String),
    /// An approval of this name is about something else, or over.
    OtherApproval(String),
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refused::UnknownApp(key) => write!(f, "the policy has no app with the key `{key}`"),
            Refused::NotInstalled => f.write_str("the app is not known to be installed there"),
            Refused::NoActor => f.write_str("nobody is named who does this"),
            Refused::NoReason => f.write_str("no reason is given"),
            Refused::Unknown { what, name } => write!(f, "there is no {what} `{name}` here"),
            Refused::ReachedAlready { ratchet, stage } => {
                write!(f, "`{ratchet}` stands at `{stage}` or further on; a ratchet turns in one direction")
            }
            Refused::NobodyWaits(event) => write!(f, "no ratchet of the app waits for the event `{event}`"),
            Refused::TakenByStage { scope, ratchet, stage } => {
                write!(f, "`{scope}` was taken by stage `{stage}` of `{ratchet}`, which must be reopened")
            }
            Refused::BeyondCeiling(scope) => {
                write!(f, "the policy does not let the app hold `{scope}`, whoever approves")
            }
            Refused::NeverRegrows(scope) => write!(f, "`{scope}` was taken and never regrows"),
            Refused::Locked(stage) => write!(f, "stage `{stage}` is locked and never left"),
            Refused::NoReopening(stage) => write!(f, "the policy declares no way back to `{stage}`"),
            Refused::NotInGroup { by, group } => write!(f, "`{by}` is not in the group `{group}`"),
            Refused::NoExpiry => f.write_str("the approval must say for how long"),
            Refused::BadExpiry { most: Some(most) } => {
                write!(f, "the approval must end after at least 1 and at most {most} seconds")
            }
            Refused::BadExpiry { most: None } => f.write_str("the approval must last longer than nothing"),
            Refused::Nothing => f.write_str("nothing is asked for"),
            Refused::HeldAlready => f.write_str("all of it is held already"),
            Refused::ApprovedBefore(by) => write!(f, "`{by}` approved this before; another person must"),
            Refused::OtherApproval(id) => {
                write!(f, "the approval `{id}` is about something else, or over; take another name")
            }
        }
    }
}

impl std::error::Error for Refused {}
