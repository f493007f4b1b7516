//! What stands around every handler.

pub(crate) mod host;
pub(crate) mod identify;
pub(crate) mod panic;
pub(crate) mod trace;
