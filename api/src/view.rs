//! Records as clients see them.

use longshore_shared::catalogue::{ExecutionPage, SessionPage};
use longshore_shared::execution::{Execution, ExecutionError, Status};
use longshore_shared::id::ExecutionId;
use longshore_shared::session::{Session, SessionStatus};
use longshore_shared::timestamp::Timestamp;
use longshore_shared::usage::Usage;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::openapi::schemas;

pub(crate) mod fleet;

/// An execution as it is recorded. What is not known yet is null.
#[derive(Serialize, ToSchema)]
#[schema(as = Execution)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExecutionView<'a> {
    #[schema(value_type = Uuid)]
    execution_id: String,
    #[schema(value_type = Uuid)]
    session_id: String,
    #[schema(value_type = schemas::Workspace)]
    workspace_id: &'a str,
    #[schema(value_type = schemas::Status)]
    status: Status,
    /// `turns / max_turns` where there is such a limit, else 0 while running; 1 once ended
    #[schema(minimum = 0, maximum = 1)]
    progress: f64,
    /// Turns of the main conversation so far
    turns: u32,
    /// Recorded `claude_message` events of all attempts
    messages: u64,
    /// 1 for the first worker that ran it; null before
    #[schema(required, minimum = 1)]
    attempt: Option<u32>,
    /// The worker that made that attempt; null before
    #[schema(required)]
    worker_id: Option<&'a str>,
    #[schema(value_type = schemas::Time)]
    created_at: Timestamp,
    #[schema(required, value_type = Option<schemas::Time>)]
    started_at: Option<Timestamp>,
    #[schema(required, value_type = Option<schemas::Time>)]
    ended_at: Option<Timestamp>,
    #[schema(required, value_type = Option<schemas::ExecutionResult>)]
    result: Option<&'a RawValue>,
    #[schema(required, value_type = Option<schemas::ExecutionError>)]
    error: Option<&'a ExecutionError>,
    /// As it was given
    #[schema(required, value_type = Option<Object>)]
    metadata: Option<&'a RawValue>,
    /// The W3C trace id of the request that began it
    #[schema(pattern = "^[0-9a-f]{32}$")]
    trace_id: &'a str,
}

impl<'a> From<&'a Execution> for ExecutionView<'a> {
    fn from(execution: &'a Execution) -> Self {
        Self {
            execution_id: execution.execution_id.to_string(),
            session_id: execution.session_id.to_string(),
            workspace_id: execution.workspace_id.as_str(),
            status: execution.status,
            progress: execution.progress(),
            turns: execution.turns,
            messages: execution.messages,
            attempt: execution.attempt,
            worker_id: execution.worker_id.as_deref(),
            created_at: execution.created_at,
            started_at: execution.started_at,
            ended_at: execution.ended_at,
            result: execution.result.as_deref(),
            error: execution.error.as_ref(),
            metadata: execution.metadata.as_deref(),
            trace_id: &execution.trace_id,
        }
    }
}

/// A session as it is recorded. What there is not is null.
#[derive(Serialize, ToSchema)]
#[schema(as = Session)]
#[serde(deny_unknown_fields)]
pub(crate) struct SessionView<'a> {
    #[schema(value_type = Uuid)]
    session_id: String,
    #[schema(value_type = schemas::Workspace)]
    workspace_id: &'a str,
    #[schema(value_type = schemas::SessionStatus)]
    status: SessionStatus,
    #[schema(value_type = schemas::Time)]
    created_at: Timestamp,
    /// When something of it was last accepted, ended or closed
    #[schema(value_type = schemas::Time)]
    updated_at: Timestamp,
    /// Executions accepted so far
    executions: u64,
    /// Turns of all that ended
    turns: u64,
    /// Costs of all that ended
    #[schema(minimum = 0)]
    total_cost_usd: f64,
    #[schema(value_type = schemas::Usage)]
    usage: Usage,
    /// The newest one
    #[schema(required, value_type = Option<Uuid>)]
    last_execution_id: Option<ExecutionId>,
    /// The oldest one that has not ended: the one that runs, or is next
    #[schema(required, value_type = Option<Uuid>)]
    active_execution_id: Option<ExecutionId>,
    /// As it was given with the execution that began the session
    #[schema(required, value_type = Option<Object>)]
    metadata: Option<&'a RawValue>,
}

impl<'a> From<&'a Session> for SessionView<'a> {
    fn from(session: &'a Session) -> Self {
        Self {
            session_id: session.session_id.to_string(),
            workspace_id: session.workspace_id.as_str(),
            status: session.status(),
            created_at: session.created_at,
            updated_at: session.updated_at,
            executions: session.executions,
            turns: session.turns,
            total_cost_usd: session.total_cost_usd,
            usage: session.usage,
            last_execution_id: session.last_execution_id,
            active_execution_id: session.active_execution_id,
            metadata: session.metadata.as_deref(),
        }
    }
}

/// A page of executions.
#[derive(Serialize, ToSchema)]
#[schema(as = ExecutionPage)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExecutionPageView<'a> {
    executions: Vec<ExecutionView<'a>>,
    /// For the next page; null where nothing follows
    #[schema(required)]
    next_cursor: Option<String>,
}

impl<'a> From<&'a ExecutionPage> for ExecutionPageView<'a> {
    fn from(page: &'a ExecutionPage) -> Self {
        Self {
            executions: page.executions.iter().map(ExecutionView::from).collect(),
            next_cursor: page.next.as_ref().map(ToString::to_string),
        }
    }
}

/// A page of sessions.
#[derive(Serialize, ToSchema)]
#[schema(as = SessionPage)]
#[serde(deny_unknown_fields)]
pub(crate) struct SessionPageView<'a> {
    sessions: Vec<SessionView<'a>>,
    /// On all pages, now
    total: u64,
    /// For the next page; null where nothing follows
    #[schema(required)]
    next_cursor: Option<String>,
}

impl<'a> From<&'a SessionPage> for SessionPageView<'a> {
    fn from(page: &'a SessionPage) -> Self {
        Self {
            sessions: page.sessions.iter().map(SessionView::from).collect(),
            total: page.total,
            next_cursor: page.next.as_ref().map(ToString::to_string),
        }
    }
}
