//! A job: one execution as it travels through the queue, whole, so that it can be run even when its record was lost.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::id::{ExecutionId, ExecutionKey, SessionId, WorkspaceId};
use crate::timestamp::Timestamp;
use crate::trace::TraceContext;

/// What a worker needs to run one execution.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Job {
    /// The execution.
    pub execution_id: ExecutionId,
    /// Its session.
    pub session_id: SessionId,
    /// The workspace it runs in.
    pub workspace_id: WorkspaceId,
    /// When the API took it.
    pub accepted_at: Timestamp,
    /// W3C trace id, 32 hex digits.
    pub trace_id: String,
    /// The place in that trace where it was accepted, as a W3C `traceparent`; older messages have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
    /// What was asked for.
    pub request: RunRequest,
}

impl Job {
    /// The place in its trace that its run follows.
    #[must_use]
    pub fn trace(&self) -> TraceContext {
        let given = self.traceparent.as_deref().and_then(TraceContext::parse);
        given.unwrap_or_else(|| TraceContext::of_trace(&self.trace_id))
    }

    /// Where its record and its events live.
    #[must_use]
    pub fn key(&self) -> ExecutionKey {
        ExecutionKey {
            session: self.session_id,
            execution: self.execution_id,
        }
    }
}

/// The client's wishes, validated by the API and with its defaults filled in.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RunRequest {
    /// The prompt, as given.
    pub prompt: String,
    /// Replaces the CLI's own system prompt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system_prompt: Option<String>,
    /// Is appended to the CLI's system prompt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub append_system_prompt: Option<String>,
    /// The CLI's limit of turns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_turns: Option<u32>,
    /// Tools that may be used without asking; `None`: the worker's default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tools: Option<Vec<String>>,
    /// The model; `None`: the worker's default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Whether token deltas are sent live.
    #[serde(default)]
    pub stream: bool,
    /// Wall time of the run; `None`: the worker's default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_seconds: Option<u64>,
    /// The CLI's cap of costs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_budget_usd: Option<f64>,
    /// What happens when the worker dies.
    #[serde(default)]
    pub on_worker_loss: OnWorkerLoss,
    /// The client's own data, returned as given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Box<RawValue>>,
}

impl RunRequest {
    /// The wall time of the run, `default` where none was asked for.
    #[must_use]
    pub fn timeout(&self, default: Duration) -> Duration {
        self.timeout_seconds.map_or(default, Duration::from_secs)
    }
}

/// What a worker's death means for the execution it ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnWorkerLoss {
    /// Run again only what cannot have changed anything: no tool was used.
    #[default]
    Auto,
    /// Always run again.
    Retry,
    /// Never run again.
    Fail,
}

impl OnWorkerLoss {
    /// As it is written in a request.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Retry => "retry",
            Self::Fail => "fail",
        }
    }
}
