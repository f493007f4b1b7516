//! How records are written as the fields of hashes, and read back.

use redis::{Pipeline, ScriptInvocation};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::catalogue::redis::Standing;
use crate::error::Unavailable;
use crate::execution::{Execution, Status};
use crate::id::{ExecutionKey, SessionId};
use crate::job::{Job, OnWorkerLoss};
use crate::redis::Keys;
use crate::session::Session;
use crate::store::{Lease, LostLease};
use crate::timestamp::Timestamp;
use crate::usage::Usage;

/// What a script answers: a word that says what it did, then what goes with it.
pub(super) struct Answer(pub(super) Vec<String>);

impl Answer {
    pub(super) fn verdict(&self) -> &str {
        self.0.first().map_or("", String::as_str)
    }

    /// The text at `index`; the scripts write `''` for none.
    pub(super) fn text(&self, index: usize) -> Option<&str> {
        self.0
            .get(index)
            .map(String::as_str)
            .filter(|text| !text.is_empty())
    }

    pub(super) fn number<N: std::str::FromStr + Default>(&self, index: usize) -> N {
        self.text(index)
            .and_then(|text| text.parse().ok())
            .unwrap_or_default()
    }

    /// How the session stands, for its index.
    pub(super) fn standing(&self, index: usize) -> Option<Standing> {
        self.text(index)?.parse().ok()
    }

    pub(super) fn job(&self, index: usize) -> Option<Box<Job>> {
        self.text(index).and_then(job).map(Box::new)
    }
}

pub(super) fn job(text: &str) -> Option<Job> {
    serde_json::from_str(text)
        .inspect_err(|error| {
            // The error's own text may quote the job.
            tracing::error!(
                line = error.line(),
                column = error.column(),
                "a recorded job cannot be read"
            );
        })
        .ok()
}

/// JSON of a value that cannot fail to be written.
pub(super) fn json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// Adds what `create()` of the prelude takes: session, workspace, time, then the record's fields and values.
pub(super) fn add_new(script: &mut ScriptInvocation<'_>, job: &Job) {
    let created = job.accepted_at.0.to_string();
    script
        .arg(job.session_id.to_string())
        .arg(job.workspace_id.as_str())
        .arg(&created);
    script
        .arg(&["status", Status::Pending.as_str()])
        .arg(&["workspace_id", job.workspace_id.as_str()])
        .arg(&["created_at", created.as_str()])
        .arg(&["trace_id", job.trace_id.as_str()])
        .arg(&["on_worker_loss", job.request.on_worker_loss.as_str()])
        .arg(&["messages", "0", "turns", "0"])
        .arg(&["job", json(job).as_str()]);
    if let Some(max) = job.request.max_turns {
        script.arg(&["max_turns", max.to_string().as_str()]);
    }
    if let Some(metadata) = &job.request.metadata {
        script.arg(&["metadata", metadata.get()]);
    }
}

/// What [`execution`] reads, in this order.
pub(crate) const FIELDS: &[&str] = &[
    "status",
    "workspace_id",
    "turns",
    "max_turns",
    "messages",
    "attempt",
    "created_at",
    "started_at",
    "ended_at",
    "result",
    "error",
    "metadata",
    "trace_id",
    "worker",
];

/// An execution from its [`FIELDS`]; `None` where there is no record.
pub(crate) fn execution(key: ExecutionKey, fields: &[Option<String>]) -> Option<Execution> {
    let text = |index: usize| fields.get(index)?.as_deref();
    let raw = |index: usize| RawValue::from_string(text(index)?.to_owned()).ok();
    Some(Execution {
        execution_id: key.execution,
        session_id: key.session,
        status: text(0)?.parse().ok()?,
        workspace_id: text(1)?.parse().ok()?,
        turns: text(2)?.parse().ok()?,
        max_turns: text(3).and_then(|max| max.parse().ok()),
        messages: text(4)?.parse().ok()?,
        attempt: text(5).and_then(|attempt| attempt.parse().ok()),
        created_at: time(text(6))?,
        started_at: time(text(7)),
        ended_at: time(text(8)),
        result: raw(9),
        error: text(10).and_then(|error| serde_json::from_str(error).ok()),
        metadata: raw(11),
        trace_id: text(12)?.to_owned(),
        worker_id: text(13).map(str::to_owned),
    })
}

/// What [`read_session`] reads, in this order.
const SESSION_FIELDS: &[&str] = &[
    "workspace_id",
    "closed",
    "created_at",
    "updated_at",
    "executions",
    "turns",
    "total_cost_usd",
    "last_execution_id",
    "transcript",
    "metadata",
    "input_tokens",
    "output_tokens",
    "cache_creation_input_tokens",
    "cache_read_input_tokens",
];

/// A session from its [`SESSION_FIELDS`] and the head of its order.
fn session(session: SessionId, fields: &[Option<String>], active: Option<&str>) -> Option<Session> {
    let text = |index: usize| fields.get(index)?.as_deref();
    let count = |index: usize| {
        text(index)
            .and_then(|count| count.parse().ok())
            .unwrap_or(0)
    };
    Some(Session {
        session_id: session,
        workspace_id: text(0)?.parse().ok()?,
        closed: text(1).is_some(),
        created_at: time(text(2))?,
        updated_at: time(text(3))?,
        executions: count(4),
        turns: count(5),
        total_cost_usd: text(6)
            .and_then(|cost| cost.parse().ok())
            .unwrap_or_default(),
        usage: Usage::from_counts([count(10), count(11), count(12), count(13)]),
        last_execution_id: text(7).and_then(|id| id.parse().ok()),
        active_execution_id: active.and_then(|id| id.parse().ok()),
        transcript: text(8).map(str::to_owned),
        metadata: text(9).and_then(|json| RawValue::from_string(json.to_owned()).ok()),
    })
}

/// Asks for what [`read_session`] reads.
pub(crate) fn ask_session(pipe: &mut Pipeline, keys: &Keys, session: SessionId) {
    pipe.cmd("HMGET")
        .arg(keys.session(session))
        .arg(SESSION_FIELDS);
    pipe.lindex(keys.order(session), 0);
}

/// A session from the two answers to [`ask_session`]; `None` where there is no record.
pub(crate) fn read_session(
    session: SessionId,
    [fields, head]: &[redis::Value; 2],
) -> Result<Option<Session>, Unavailable> {
    let fields: Vec<Option<String>> =
        redis::from_redis_value_ref(fields).map_err(Unavailable::redis)?;
    let head: Option<String> = redis::from_redis_value_ref(head).map_err(Unavailable::redis)?;
    Ok(self::session(session, &fields, head.as_deref()))
}

fn time(text: Option<&str>) -> Option<Timestamp> {
    text?.parse().ok().map(Timestamp)
}

/// What [`lost_lease`] reads, in this order.
pub(super) const LEASE_FIELDS: &[&str] = &[
    "status",
    "token",
    "attempt",
    "on_worker_loss",
    "tool_used",
    "cancel",
    "tries",
];

/// The values of [`LEASE_FIELDS`].
pub(super) type LeaseFields = [Option<String>; 7];

/// A lease that may be lost; `None` where nothing runs.
pub(super) fn lost_lease(key: ExecutionKey, fields: LeaseFields) -> Option<LostLease> {
    let [status, token, attempt, wish, tool_used, cancel, tries] = fields;
    if status?.parse() != Ok(Status::Running) {
        return None;
    }
    let mut wishes = [OnWorkerLoss::Retry, OnWorkerLoss::Fail].into_iter();
    let wish = wishes.find(|known| Some(known.as_str()) == wish.as_deref());
    Some(LostLease {
        lease: Lease {
            key,
            attempt: attempt?.parse().ok()?,
            token: token?.parse().ok()?,
        },
        on_worker_loss: wish.unwrap_or_default(),
        tool_used: tool_used.as_deref() == Some("1"),
        cancelled: cancel.and_then(|reason| reason.parse().ok()),
        tries: tries?.parse().ok()?,
    })
}
