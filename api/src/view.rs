//! Records as clients see them.

use longshore_shared::execution::{Execution, ExecutionError, Status};
use longshore_shared::timestamp::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;

/// `Execution` of the contract. What is not known yet is `null`.
#[derive(Serialize)]
pub(crate) struct ExecutionView<'a> {
    execution_id: String,
    session_id: String,
    workspace_id: &'a str,
    status: Status,
    progress: f64,
    turns: u32,
    messages: u64,
    attempt: Option<u32>,
    created_at: Timestamp,
    started_at: Option<Timestamp>,
    ended_at: Option<Timestamp>,
    result: Option<&'a RawValue>,
    error: Option<&'a ExecutionError>,
    metadata: Option<&'a RawValue>,
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
