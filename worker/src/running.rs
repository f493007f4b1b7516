//! The executions that run here now, so that they can be told something.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use longshore_shared::id::{ExecutionId, ExecutionKey};
use longshore_shared::metrics::{LEASE_LOSSES, SLOTS_USED};
use tokio::sync::{Notify, watch};

use crate::claude::Stop;

/// How an execution is reached.
#[derive(Clone)]
pub(crate) struct Handle {
    /// Makes its lease be looked at now.
    pub(crate) look: Arc<Notify>,
    /// Makes its run end.
    pub(crate) stop: watch::Sender<Option<Stop>>,
    /// Stops its processes while it is not known whether the lease is still its own.
    pub(crate) frozen: watch::Sender<bool>,
}

impl Handle {
    /// Asks for the run's end. The first reason stays, except that a lost lease overrules all others.
    pub(crate) fn stop(&self, reason: Stop) {
        self.stop.send_if_modified(|asked| {
            let counts =
                asked.is_none() || (reason == Stop::LeaseLost && *asked != Some(Stop::LeaseLost));
            if counts {
                *asked = Some(reason);
                LEASE_LOSSES.add((reason == Stop::LeaseLost).into());
            }
            counts
        });
    }
}

/// All of them by key.
#[derive(Default)]
pub(crate) struct Running {
    handles: Mutex<HashMap<ExecutionKey, Handle>>,
}

impl Running {
    /// Enters an execution until the guard is dropped.
    pub(crate) fn enter(&self, key: ExecutionKey) -> (Handle, Entered<'_>) {
        let handle = Handle {
            look: Arc::default(),
            stop: watch::Sender::new(None),
            frozen: watch::Sender::new(false),
        };
        let mut handles = self.handles();
        handles.insert(key, handle.clone());
        SLOTS_USED.set(handles.len() as f64);
        drop(handles);
        let entered = Entered {
            running: self,
            key,
            look: Arc::clone(&handle.look),
        };
        (handle, entered)
    }

    /// Which those are.
    pub(crate) fn executions(&self) -> Vec<ExecutionId> {
        self.handles().keys().map(|key| key.execution).collect()
    }

    pub(crate) fn nudge(&self, key: ExecutionKey) {
        if let Some(handle) = self.handles().get(&key) {
            handle.look.notify_one();
        }
    }

    pub(crate) fn nudge_all(&self) {
        for handle in self.handles().values() {
            handle.look.notify_one();
        }
    }

    pub(crate) fn stop_all(&self, reason: Stop) {
        for handle in self.handles().values() {
            handle.stop(reason);
        }
    }

    /// The sections under this lock do not panic, so a poisoned one is still whole.
    fn handles(&self) -> MutexGuard<'_, HashMap<ExecutionKey, Handle>> {
        self.handles.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Leaves when dropped.
pub(crate) struct Entered<'a> {
    running: &'a Running,
    key: ExecutionKey,
    look: Arc<Notify>,
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        let mut handles = self.running.handles();
        // A later attempt may have come to this very worker while this one was still being stopped.
        let own = handles.get(&self.key);
        if own.is_some_and(|handle| Arc::ptr_eq(&handle.look, &self.look)) {
            handles.remove(&self.key);
            SLOTS_USED.set(handles.len() as f64);
        }
    }
}
