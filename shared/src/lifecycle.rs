//! The lifecycle: what may become what, as one table. Both stores ask it; the Lua scripts are given it as text.

use std::fmt::Write as _;

use crate::execution::{EndKind, Status};

/// Something that happens to an execution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Move {
    /// A worker takes it.
    Claim,
    /// Its worker was lost and another will run it.
    Requeue,
    /// The CLI succeeded.
    Complete,
    /// It cannot succeed any more.
    Fail,
    /// A client or a closed session ends it.
    Cancel,
}

impl Move {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Claim,
        Self::Requeue,
        Self::Complete,
        Self::Fail,
        Self::Cancel,
    ];

    /// As the scripts know it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Claim => "claim",
            Self::Requeue => "requeue",
            Self::Complete => "complete",
            Self::Fail => "fail",
            Self::Cancel => "cancel",
        }
    }
}

impl From<EndKind> for Move {
    fn from(kind: EndKind) -> Self {
        match kind {
            EndKind::Completed => Self::Complete,
            EndKind::Failed => Self::Fail,
            EndKind::Cancelled => Self::Cancel,
        }
    }
}

/// Every permitted step. What is not here is refused, above all any step out of an ended state.
pub const TABLE: [(Status, Move, Status); 7] = [
    (Status::Pending, Move::Claim, Status::Running),
    (Status::Pending, Move::Fail, Status::Failed),
    (Status::Pending, Move::Cancel, Status::Cancelled),
    (Status::Running, Move::Requeue, Status::Pending),
    (Status::Running, Move::Complete, Status::Completed),
    (Status::Running, Move::Fail, Status::Failed),
    (Status::Running, Move::Cancel, Status::Cancelled),
];

/// The state after `step`, or `None` where it is not permitted.
#[must_use]
pub fn next(from: Status, step: Move) -> Option<Status> {
    TABLE
        .iter()
        .find(|(state, taken, _)| *state == from && *taken == step)
        .map(|(_, _, to)| *to)
}

/// The table as Lua: `local MAY = {pending={claim='running',…},…}`.
#[must_use]
pub fn as_lua() -> String {
    let mut text = String::from("local MAY = {");
    for from in Status::ALL {
        let _ = write!(text, "{from}={{");
        for (_, step, to) in TABLE.iter().filter(|(state, ..)| *state == from) {
            let _ = write!(text, "{}='{to}',", step.as_str());
        }
        text.push_str("},");
    }
    text.push_str("}\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ended_execution_never_changes() {
        for from in Status::ALL.into_iter().filter(|status| status.has_ended()) {
            for step in Move::ALL {
                assert_eq!(next(from, step), None, "{from} {step:?}");
            }
        }
    }

    #[test]
    fn every_living_state_can_reach_an_end_and_only_a_pending_one_can_be_claimed() {
        for from in [Status::Pending, Status::Running] {
            assert_eq!(next(from, Move::Fail), Some(Status::Failed));
            assert_eq!(next(from, Move::Cancel), Some(Status::Cancelled));
        }
        assert_eq!(next(Status::Running, Move::Claim), None);
        assert_eq!(next(Status::Pending, Move::Complete), None, "nobody ran it");
    }

    #[test]
    fn no_step_has_two_outcomes() {
        for (i, (from, step, _)) in TABLE.iter().enumerate() {
            assert!(
                !TABLE[i + 1..]
                    .iter()
                    .any(|(f, s, _)| f == from && s == step)
            );
        }
    }
}
