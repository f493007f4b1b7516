//! The index of sessions by activity: where each stands, and for a while where it stood.
//!
//! It works as the index in Redis does, whose prelude says how.

use std::collections::{HashMap, VecDeque};

use crate::id::{SessionId, WorkspaceId};
use crate::session::SessionStatus;

/// How long past positions are kept, in ms.
const KEPT_FOR: u64 = 3_600_000;

/// How many of them.
const MOST_KEPT: usize = 50_000;

#[derive(Default)]
pub(crate) struct Index {
    /// The newest position given.
    last: u64,
    /// The newest moment for which a list was begun.
    read: u64,
    /// Before this moment, lists can no longer be shown.
    kept: u64,
    current: HashMap<SessionId, Place>,
    /// In the order in which they ended.
    past: VecDeque<Past>,
}

#[derive(Clone)]
struct Place {
    position: u64,
    status: SessionStatus,
    workspace: WorkspaceId,
}

struct Past {
    session: SessionId,
    place: Place,
    ended: u64,
}

impl Index {
    /// Moves a session to the newest position.
    pub(crate) fn touch(
        &mut self,
        now: u64,
        session: SessionId,
        status: SessionStatus,
        workspace: &WorkspaceId,
    ) {
        let position = now.max(self.last + 1);
        self.last = position;
        let new = Place {
            position,
            status,
            workspace: workspace.clone(),
        };
        let old = self.current.insert(session, new);
        if let Some(place) = old.filter(|old| old.position <= self.read) {
            self.past.push_back(Past {
                session,
                place,
                ended: position,
            });
        }
        self.trim(now);
    }

    fn trim(&mut self, now: u64) {
        while let Some(oldest) = self.past.front() {
            if oldest.ended + KEPT_FOR > now && self.past.len() <= MOST_KEPT {
                return;
            }
            self.kept = oldest.ended;
            self.past.pop_front();
        }
    }

    /// Forgets a session whose record is gone.
    pub(crate) fn forget(&mut self, session: SessionId) {
        self.current.remove(&session);
    }

    /// Begins a list; answers its moment. Whatever happens from now on comes after it.
    pub(super) fn begin(&mut self, now: u64) -> u64 {
        self.last = self.last.max(now);
        self.read = self.last;
        self.last
    }

    /// Whether a list that was begun at this moment can still be shown.
    pub(super) fn serves(&self, now: u64, moment: u64) -> bool {
        (self.kept..=self.last).contains(&moment) && moment + KEPT_FOR >= now
    }

    /// How many sessions there are now for which `fits` holds.
    pub(super) fn count(&self, fits: impl Fn(&WorkspaceId, SessionStatus) -> bool) -> usize {
        let fitting = |place: &&Place| fits(&place.workspace, place.status);
        self.current.values().filter(fitting).count()
    }

    /// The sessions for which `fits` held at that moment, by the positions that they had then, the newest first.
    pub(super) fn at(
        &self,
        moment: u64,
        fits: impl Fn(&WorkspaceId, SessionStatus) -> bool,
    ) -> Vec<(u64, SessionId)> {
        let past = self.past.iter().filter(|past| past.ended > moment);
        let past = past.map(|past| (&past.session, &past.place));
        let mut then: Vec<_> = self
            .current
            .iter()
            .chain(past)
            .filter(|(_, place)| place.position <= moment && fits(&place.workspace, place.status))
            .map(|(session, place)| (place.position, *session))
            .collect();
        then.sort_unstable_by(|a, b| b.cmp(a));
        then
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn past_positions_are_forgotten_and_what_needs_them_is_refused() {
        let (mut index, session) = (Index::default(), SessionId::generate());
        let workspace = "demo".parse().unwrap();
        let touch = |index: &mut Index, now| {
            index.touch(now, session, SessionStatus::Active, &workspace);
        };
        touch(&mut index, 1_000);
        let moment = index.begin(1_000);
        touch(&mut index, 1_000);
        let listed = |index: &Index| index.at(moment, |_, _| true);
        assert_eq!(listed(&index), [(1_000, session)]);
        assert!(index.serves(1_001, moment));
        assert!(!index.serves(1_001, moment + 10), "that is not yet");
        touch(&mut index, 1_001 + KEPT_FOR);
        assert!(index.past.is_empty(), "nobody began a list since");
        assert!(!index.serves(1_001 + KEPT_FOR, moment));

        let moment = index.begin(5_000_000);
        for _ in 0..=MOST_KEPT {
            touch(&mut index, 5_000_000);
            index.begin(5_000_000);
        }
        assert_eq!(index.past.len(), MOST_KEPT);
        assert!(!index.serves(5_000_000, moment));
    }
}
