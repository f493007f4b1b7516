//! What stands around every handler.

pub(crate) mod cors;
pub(crate) mod host;
pub(crate) mod identify;
pub(crate) mod measure;
pub(crate) mod origin;
pub(crate) mod panic;
pub(crate) mod rate_limit;
pub(crate) mod read_on;
pub(crate) mod trace;
