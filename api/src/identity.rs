//! Who calls, and what they may do and see.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use longshore_shared::catalogue::Reach;
use longshore_shared::id::WorkspaceId;

use crate::error::{ApiError, Code};

pub(crate) mod bearer;
mod claims;
mod key;
mod key_file;
mod key_set;
pub(crate) mod permission;
pub(crate) mod unauthorized;
pub(crate) mod verifier;

/// How long a clock is relied on that does not see the time being set.
const CLOCK: Duration = Duration::from_secs(60);

/// A caller, known for sure. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    /// Who it is: what limits are counted by.
    pub(crate) subject: Arc<str>,
    pub(crate) workspaces: Arc<Workspaces>,
    pub(crate) scopes: Scopes,
    /// When its token ends, leeway included; `None` for one that needs none.
    pub(crate) expires_at: Option<SystemTime>,
}

/// The workspaces that a caller may see and use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Workspaces {
    All,
    Only(BTreeSet<WorkspaceId>),
}

/// Something that a caller may be allowed to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Begin and end executions.
    Execute,
    /// See and watch.
    Read,
    /// See the whole installation: its workers, and how it does.
    Admin,
}

impl Scope {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Execute => "execute",
            Self::Read => "read",
            Self::Admin => "admin",
        }
    }
}

/// What a caller is allowed to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Scopes {
    pub(crate) execute: bool,
    pub(crate) read: bool,
    pub(crate) admin: bool,
}

impl Caller {
    /// Everybody, while the server has no key to know callers by.
    pub(crate) fn anonymous() -> Self {
        let scopes = Scopes {
            execute: true,
            read: true,
            admin: true,
        };
        Self {
            subject: "anonymous".into(),
            workspaces: Arc::new(Workspaces::All),
            scopes,
            expires_at: None,
        }
    }

    /// # Errors
    /// 403 that names the scope which the caller's token lacks.
    pub(crate) fn may(&self, scope: Scope) -> Result<(), ApiError> {
        let allowed = match scope {
            Scope::Execute => self.scopes.execute,
            Scope::Read => self.scopes.read,
            Scope::Admin => self.scopes.admin,
        };
        if allowed {
            return Ok(());
        }
        let scope = scope.as_str();
        let message = format!("the token does not have the scope {scope:?}, which this needs");
        Err(ApiError::new(Code::Forbidden, message))
    }

    /// Waits until its token has ended; for ever, where it needs none.
    pub(crate) async fn expired(&self) {
        let Some(end) = self.expires_at else {
            return std::future::pending().await;
        };
        // The clock may be set, and a machine may sleep, so that the time is asked for again now and then.
        while let Ok(left) = end.duration_since(SystemTime::now()) {
            tokio::time::sleep(left.min(CLOCK)).await;
        }
    }

    /// Whether something of that workspace exists for the caller.
    pub(crate) fn sees(&self, workspace: &WorkspaceId) -> bool {
        match &*self.workspaces {
            Workspaces::All => true,
            Workspaces::Only(allowed) => allowed.contains(workspace),
        }
    }

    /// Whose things a list shows: of the workspace that the caller has named, or of all that it may see.
    ///
    /// # Errors
    /// 403 where the named one is none of the caller's.
    pub(crate) fn reach(&self, named: Option<WorkspaceId>) -> Result<Reach, ApiError> {
        if let Some(workspace) = named {
            self.may_name(&workspace)?;
            return Ok(Reach::Only(vec![workspace]));
        }
        Ok(match &*self.workspaces {
            Workspaces::All => Reach::All,
            Workspaces::Only(allowed) => Reach::Only(allowed.iter().cloned().collect()),
        })
    }

    /// For a workspace that the caller itself has named.
    ///
    /// # Errors
    /// 403 where it is none of the caller's.
    pub(crate) fn may_name(&self, workspace: &WorkspaceId) -> Result<(), ApiError> {
        if self.sees(workspace) {
            return Ok(());
        }
        let message = "workspace_id: the token does not have this workspace";
        Err(ApiError::new(Code::Forbidden, message))
    }
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = ApiError;

    /// The caller that `middleware::identify` has found.
    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        parts
            .extensions
            .get::<Self>()
            .cloned()
            .ok_or_else(ApiError::internal)
    }
}
