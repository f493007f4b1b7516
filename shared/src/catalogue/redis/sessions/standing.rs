//! How a session stands, as the scripts of the record tell the index.

use std::str::FromStr;

use crate::id::WorkspaceId;
use crate::session::SessionStatus;

/// Written as `{version} {status} {workspace}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Standing {
    /// Grows with every change of the record.
    pub(crate) version: u64,
    pub(crate) status: SessionStatus,
    pub(crate) workspace: WorkspaceId,
}

impl FromStr for Standing {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut words = text.split(' ');
        let mut word = || words.next().ok_or(());
        Ok(Self {
            version: word()?.parse().map_err(|_| ())?,
            status: word()?.parse()?,
            workspace: word()?.parse().map_err(|_| ())?,
        })
    }
}
