//! The connections that stay open: how many there are, and how many of them are one caller's.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::config::ApiSettings;
use crate::error::{ApiError, Code};
use crate::identity::Caller;

/// Counts what is open in this process, and refuses what would be too much. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Connections {
    max: usize,
    max_per_caller: usize,
    counts: Arc<Mutex<Counts>>,
}

#[derive(Default)]
struct Counts {
    all: usize,
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
        Self {
            max: settings.max_websockets as usize,
            max_per_caller: settings.max_websockets_per_caller as usize,
            counts: Arc::default(),
        }
    }

    /// A place for a known caller.
    ///
    /// # Errors
    /// 503 where it would be one too many, of all or of this caller.
    pub(crate) fn enter(&self, caller: &Caller) -> Result<Place, ApiError> {
        let mut place = self.open()?;
        place.assign(caller)?;
        Ok(place)
    }

    /// A place for somebody who is not known yet.
    ///
    /// # Errors
    /// 503 where it would be one too many.
    pub(crate) fn open(&self) -> Result<Place, ApiError> {
        let mut counts = self.counts();
        if counts.all >= self.max {
            return Err(too_many("this server has all the connections it may have"));
        }
        counts.all += 1;
        Ok(Place {
            connections: self.clone(),
            caller: None,
        })
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// Makes it the caller's, once.
    ///
    /// # Errors
    /// 503 where the caller has as many as it may.
    pub(crate) fn assign(&mut self, caller: &Caller) -> Result<(), ApiError> {
        let mut counts = self.connections.counts();
        let own = counts.by_caller.get(&caller.subject).copied().unwrap_or(0);
        if own >= self.connections.max_per_caller {
            return Err(too_many("the caller has all the connections it may have"));
        }
        counts.by_caller.insert(caller.subject.clone(), own + 1);
        self.caller = Some(caller.subject.clone());
        Ok(())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.connections.counts();
        counts.all = counts.all.saturating_sub(1);
        let Some(caller) = self.caller.take() else {
            return;
        };
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

    fn connections(max: usize, max_per_caller: usize) -> Connections {
        Connections {
            max,
            max_per_caller,
            counts: Arc::default(),
        }
    }

    fn caller(subject: &str) -> Caller {
        Caller {
            subject: subject.into(),
            ..Caller::anonymous()
        }
    }

    #[test]
    fn a_place_is_given_back() {
        let connections = connections(2, 2);
        let (first, second) = (connections.open().unwrap(), connections.open());
        assert!(second.is_ok());
        let refusal = connections.open().err().unwrap();
        assert_eq!(refusal.code, Code::TooManyConnections);
        drop(first);
        assert!(connections.open().is_ok());
    }

    #[test]
    fn every_caller_has_places_of_its_own() {
        let connections = connections(4, 1);
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
