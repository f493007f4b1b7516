//! The connections that stay open: how many there are, and how many of them are one caller's.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::config::ApiSettings;
use crate::error::{ApiError, Code};
use crate::identity::Caller;

/// Callers that are not known yet may have one place for so many of known ones: anybody can open those.
const UNKNOWN: usize = 8;

/// Counts what is open in this process, and refuses what would be too much. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Connections {
    max: usize,
    max_unknown: usize,
    max_per_caller: usize,
    counts: Arc<Mutex<Counts>>,
}

#[derive(Default)]
struct Counts {
    /// Of known callers.
    all: usize,
    /// Of callers that are not known yet.
    unknown: usize,
    /// Only callers who have any.
    by_caller: HashMap<Arc<str>, usize>,
}

/// The right to one open connection, given back when it is dropped.
pub(crate) struct Place {
    connections: Connections,
    caller: Option<Arc<str>>,
}

impl Connections {
    pub(crate) fn new(settings: &ApiSettings) -> Self {
        Self::with(
            settings.max_websockets as usize,
            settings.max_websockets_per_caller as usize,
        )
    }

    fn with(max: usize, max_per_caller: usize) -> Self {
        Self {
            max,
            max_unknown: (max / UNKNOWN).max(1),
            max_per_caller,
            counts: Arc::default(),
        }
    }

    /// A place for a known caller.
    ///
    /// # Errors
    /// 503 where it would be one too many, of all or of this caller.
    pub(crate) fn enter(&self, caller: &Caller) -> Result<Place, ApiError> {
        self.count(&mut self.counts(), caller)?;
        Ok(Place {
            connections: self.clone(),
            caller: Some(caller.subject.clone()),
        })
    }

    /// A place for somebody who is not known yet, beside those of known callers.
    ///
    /// # Errors
    /// 503 where it would be one too many, or could not become a known caller's now.
    pub(crate) fn open(&self) -> Result<Place, ApiError> {
        let mut counts = self.counts();
        self.has_room(&counts)?;
        if counts.unknown >= self.max_unknown {
            let message = "this server has all the connections it may have without a token";
            return Err(too_many(message));
        }
        counts.unknown += 1;
        Ok(Place {
            connections: self.clone(),
            caller: None,
        })
    }

    /// Counts one more connection of a known caller.
    fn count(&self, counts: &mut Counts, caller: &Caller) -> Result<(), ApiError> {
        self.has_room(counts)?;
        let own = counts.by_caller.get(&caller.subject).copied().unwrap_or(0);
        if own >= self.max_per_caller {
            return Err(too_many("the caller has all the connections it may have"));
        }
        counts.all += 1;
        counts.by_caller.insert(caller.subject.clone(), own + 1);
        Ok(())
    }

    fn has_room(&self, counts: &Counts) -> Result<(), ApiError> {
        if counts.all < self.max {
            return Ok(());
        }
        Err(too_many("this server has all the connections it may have"))
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// Makes it the caller's, once.
    ///
    /// # Errors
    /// 503 where all have as many as they may, or the caller has.
    pub(crate) fn assign(&mut self, caller: &Caller) -> Result<(), ApiError> {
        let mut counts = self.connections.counts();
        self.connections.count(&mut counts, caller)?;
        counts.unknown = counts.unknown.saturating_sub(1);
        self.caller = Some(caller.subject.clone());
        Ok(())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.connections.counts();
        let Some(caller) = self.caller.take() else {
            counts.unknown = counts.unknown.saturating_sub(1);
            return;
        };
        counts.all = counts.all.saturating_sub(1);
        if let Some(own) = counts.by_caller.get_mut(&caller) {
            *own = own.saturating_sub(1);
            if *own == 0 {
                counts.by_caller.remove(&caller);
            }
        }
    }
}

fn too_many(message: &str) -> ApiError {
    let message = format!("{message}; try again later, or on another replica");
    ApiError::new(Code::TooManyConnections, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(subject: &str) -> Caller {
        Caller {
            subject: subject.into(),
            ..Caller::anonymous()
        }
    }

    #[test]
    fn a_place_is_given_back() {
        let connections = Connections::with(16, 16);
        let (first, second) = (connections.open().unwrap(), connections.open());
        assert!(second.is_ok());
        let refusal = connections.open().err().unwrap();
        assert_eq!(refusal.code, Code::TooManyConnections);
        drop(first);
        assert!(connections.open().is_ok());
    }

    #[test]
    fn who_is_not_known_takes_no_place_of_who_is() {
        let connections = Connections::with(1, 1);
        let mut late = connections.open().unwrap();
        let known = connections.enter(&caller("alice")).unwrap();
        assert!(connections.open().is_err() && late.assign(&caller("bob")).is_err());
        drop(known);
        late.assign(&caller("bob")).unwrap();
        assert!(connections.enter(&caller("alice")).is_err());
        drop(late);
        let counts = connections.counts();
        assert!(counts.all == 0 && counts.unknown == 0 && counts.by_caller.is_empty());
    }

    #[test]
    fn every_caller_has_places_of_its_own() {
        let connections = Connections::with(4, 1);
        let (alice, bob) = (caller("alice"), caller("bob"));
        let first = connections.enter(&alice).unwrap();
        assert!(connections.enter(&alice).is_err());
        let second = connections.enter(&bob).unwrap();
        drop(first);
        let again = connections.enter(&alice).unwrap();
        drop((second, again));
        let counts = connections.counts();
        assert!(counts.all == 0 && counts.by_caller.is_empty());
    }
}
