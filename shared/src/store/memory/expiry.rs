//! Forgetting what is past its retention: at every look at the state, so that nobody ever sees it.

use super::MemoryStore;
use super::state::State;

impl MemoryStore {
    pub(super) fn forget_expired(&self, state: &mut State) {
        while let Some((ended, id)) = state.ended.front().copied() {
            if ended.elapsed() < self.inner.retention.execution {
                break;
            }
            state.ended.pop_front();
            state.executions.remove(&id);
        }
        while let Some((since, id)) = state.resting.front().copied() {
            if since.elapsed() < self.inner.retention.session {
                break;
            }
            state.resting.pop_front();
            // Another time: something happened since, and it was entered again.
            let entry = state.sessions.get(&id);
            if entry.is_some_and(|entry| entry.resting_since == Some(since)) {
                state.sessions.remove(&id);
                state.index.forget(id);
            }
        }
    }
}
