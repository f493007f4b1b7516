//! The handlers, one file a resource.

pub(crate) mod events;
pub(crate) mod execute;
pub(crate) mod executions;
pub(crate) mod fleet;
pub(crate) mod health;
pub(crate) mod logs;
pub(crate) mod sessions;
