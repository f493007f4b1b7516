//! The shapes of what is not written by a type of this crate: values of `shared`, what the CLI reports, pages of frames.
#![expect(dead_code, reason = "these types describe; nothing is made of them")]

use longshore_shared::execution::{self, ErrorCode};
use longshore_shared::id::WorkspaceId;
use longshore_shared::session;
use serde_json::Value;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::openapi::{KnownFormat, RefOr, SchemaFormat};
use utoipa::{PartialSchema, ToSchema};
use uuid::Uuid;

/// A text.
pub(crate) fn string() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

/// A time: RFC 3339, UTC, with milliseconds.
pub(crate) struct Time;

impl PartialSchema for Time {
    fn schema() -> RefOr<Schema> {
        string()
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
            .pattern(Some(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$"))
            .examples(["2026-01-31T12:00:00.000Z"])
            .into()
    }
}

impl ToSchema for Time {}

/// The name of a workspace.
pub(crate) struct Workspace;

impl PartialSchema for Workspace {
    fn schema() -> RefOr<Schema> {
        string()
            .pattern(Some(WorkspaceId::PATTERN))
            .examples(["demo"])
            .into()
    }
}

impl ToSchema for Workspace {}

/// The id of a recorded event.
pub(crate) struct EventId;

impl PartialSchema for EventId {
    fn schema() -> RefOr<Schema> {
        string()
            .pattern(Some("^(0|[1-9][0-9]{0,9})-[1-9][0-9]{0,19}$"))
            .description(Some("`{attempt}-{seq}`"))
            .examples(["1-42"])
            .into()
    }
}

impl ToSchema for EventId {}

/// What a client calls a request, so that it can send it again.
pub(crate) struct IdempotencyKey;

impl PartialSchema for IdempotencyKey {
    fn schema() -> RefOr<Schema> {
        string()
            .pattern(Some("^[ -~]{1,255}$"))
            .examples(["9d1f5b1e-report-2026-01"])
            .into()
    }
}

impl ToSchema for IdempotencyKey {}

/// An event id to go on after: one that fits into 32 and 64 bits for sure.
pub(crate) struct After;

impl PartialSchema for After {
    fn schema() -> RefOr<Schema> {
        string()
            .pattern(Some("^(0|[1-9][0-9]{0,8})-[1-9][0-9]{0,18}$"))
            .description(Some("`{attempt}-{seq}`"))
            .examples(["1-42"])
            .into()
    }
}

impl ToSchema for After {}

/// Where an execution stands.
pub(crate) struct Status;

impl PartialSchema for Status {
    fn schema() -> RefOr<Schema> {
        string()
            .enum_values(Some(execution::Status::ALL.map(execution::Status::as_str)))
            .into()
    }
}

impl ToSchema for Status {}

/// The codes of an execution's error.
pub(crate) struct ExecutionErrorCode;

impl PartialSchema for ExecutionErrorCode {
    fn schema() -> RefOr<Schema> {
        let codes = ErrorCode::ALL.map(|code| serde_json::to_value(code).unwrap_or_default());
        string().enum_values(Some(codes)).into()
    }
}

impl ToSchema for ExecutionErrorCode {}

/// Why an execution failed or was cancelled.
#[derive(ToSchema)]
#[schema(as = ExecutionError)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExecutionError {
    code: ExecutionErrorCode,
    /// For people
    message: String,
    /// What else is known, such as `exit_code`
    #[schema(value_type = Option<Object>, nullable = false)]
    details: Option<Value>,
}

/// The CLI's own result line. What it did not say is null.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExecutionResult {
    /// Its `result`
    #[schema(required)]
    text: Option<String>,
    #[schema(required, example = "success")]
    subtype: Option<String>,
    #[schema(required)]
    is_error: Option<bool>,
    #[schema(required)]
    num_turns: Option<u64>,
    #[schema(required)]
    duration_ms: Option<f64>,
    #[schema(required)]
    duration_api_ms: Option<f64>,
    #[schema(required)]
    total_cost_usd: Option<f64>,
    #[schema(required, value_type = Option<Object>)]
    usage: Option<Value>,
    /// Its `modelUsage`
    #[schema(required, value_type = Option<Object>)]
    model_usage: Option<Value>,
    #[schema(required, value_type = Option<Vec<Object>>)]
    permission_denials: Option<Value>,
    /// Any value
    #[schema(required, value_type = Value)]
    structured_output: Value,
}

/// Tokens, summed over the executions of a session.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Usage {
    input_tokens: u64,
    output_tokens: u64,
    cache_creation_input_tokens: u64,
    cache_read_input_tokens: u64,
}

/// A frame as the WebSocket sends it.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Frame {
    r#type: FrameType,
    execution_id: Uuid,
    /// There for recorded events, which all but `gap` are
    #[schema(nullable = false)]
    id: Option<EventId>,
    timestamp: Time,
    /// What the type says; of a `claude_message` the line exactly as the CLI printed it
    #[schema(value_type = Object)]
    data: Value,
}

/// The types of frames that are recorded, and `gap` for what the record no longer holds.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub(crate) enum FrameType {
    Status,
    ClaudeMessage,
    End,
    Gap,
}

/// A page of an execution's record.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EventPage {
    events: Vec<Frame>,
    /// The last id of the page; null where there is none
    #[schema(required)]
    next_after: Option<EventId>,
}

/// A page of a session's logs.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LogPage {
    session_id: Uuid,
    logs: Vec<Frame>,
    /// Of this page
    count: usize,
    /// For the next page; null where nothing follows
    #[schema(required)]
    next_cursor: Option<String>,
}

/// The oldest first, or the newest.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub(crate) enum LogOrder {
    Asc,
    Desc,
}

/// What a session is doing.
pub(crate) struct SessionStatus;

impl PartialSchema for SessionStatus {
    fn schema() -> RefOr<Schema> {
        let all = session::SessionStatus::ALL.map(session::SessionStatus::as_str);
        string().enum_values(Some(all)).into()
    }
}

impl ToSchema for SessionStatus {}

/// The session takes nothing more.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SessionClosed {
    #[schema(example = "Session closed")]
    message: String,
}

/// The process is up.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Health {
    #[schema(example = "ok")]
    status: String,
}

/// The server takes requests.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Readiness {
    #[schema(example = "ready")]
    status: String,
    checks: Checks,
}

/// What readiness depends on.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Checks {
    broker: Check,
    store: Check,
    live: Check,
}

/// Whether a part works.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub(crate) enum Check {
    Ok,
    Failed,
}
