//! `ExecuteRequest` as the OpenAPI document shows it; `request` is what reads it. A test holds the two together.
#![expect(dead_code, reason = "it describes; nothing is made of it")]

use serde_json::Value;
use utoipa::ToSchema;
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, SchemaType, Type};
use uuid::Uuid;

use super::request::{MAX_MODEL, MAX_PROMPT, MAX_SYSTEM_PROMPT, MAX_TOOL, MAX_TOOLS, MAX_TURNS};
use crate::openapi::schemas::{Workspace, string};

/// What to run. Lengths are counted in bytes of UTF-8. An optional field that is null is absent.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "workspace_id": "demo", "prompt": "Say hello" }))]
pub(crate) struct ExecuteRequest {
    /// The workspace to run in; a folder that does not exist is made
    workspace_id: Workspace,
    #[schema(schema_with = prompt)]
    prompt: String,
    /// The session to continue; without it a new one begins
    session_id: Option<Uuid>,
    #[schema(schema_with = system_prompt)]
    system_prompt: Option<String>,
    #[schema(schema_with = append_system_prompt)]
    append_system_prompt: Option<String>,
    #[schema(schema_with = max_turns)]
    max_turns: Option<u32>,
    #[schema(schema_with = tools)]
    tools: Option<Vec<String>>,
    #[schema(schema_with = model)]
    model: Option<String>,
    /// Whether token deltas are sent live, as `partial` frames
    #[schema(default = false)]
    stream: Option<bool>,
    /// At most what the server allows
    #[schema(minimum = 1)]
    timeout_seconds: Option<u64>,
    /// The cap that is given to the CLI
    #[schema(exclusive_minimum = 0)]
    max_budget_usd: Option<f64>,
    on_worker_loss: Option<OnWorkerLoss>,
    /// Returned as it was given; at most 16 KiB of JSON
    #[schema(value_type = Option<Object>)]
    metadata: Option<Value>,
}

/// What becomes of it when its worker is lost. `auto`, which is also taken when it is absent: it is run again unless it
/// had used a tool. `retry`: it is run again. `fail`: it fails.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
enum OnWorkerLoss {
    Auto,
    Retry,
    Fail,
}

/// At least one character that is no white space of Unicode, and none that is NUL.
const PROMPT: &str = r"^[^\u0000]*[^\u0000\t-\r \u0085\u00A0\u1680\u2000-\u200A\u2028\u2029\u202F\u205F\u3000][^\u0000]*$";

fn prompt() -> ObjectBuilder {
    string()
        .description(Some("More than white space, and no NUL"))
        .min_length(Some(1))
        .max_length(Some(MAX_PROMPT))
        .pattern(Some(PROMPT))
}

fn system_prompt() -> ObjectBuilder {
    let about = "Replaces the CLI's own; an empty one is absent";
    optional_text(MAX_SYSTEM_PROMPT, about)
}

fn append_system_prompt() -> ObjectBuilder {
    let about = "Is appended to the CLI's own; an empty one is absent";
    optional_text(MAX_SYSTEM_PROMPT, about)
}

fn model() -> ObjectBuilder {
    optional_text(MAX_MODEL, "The model; an empty one is absent")
}

fn optional_text(max: usize, about: &str) -> ObjectBuilder {
    string()
        .description(Some(about))
        .schema_type(SchemaType::from_iter([Type::String, Type::Null]))
        .max_length(Some(max))
        .pattern(Some(r"^[^\u0000]*$"))
}

fn max_turns() -> ObjectBuilder {
    ObjectBuilder::new()
        .description(Some("Turns of the main conversation, at most"))
        .schema_type(SchemaType::from_iter([Type::Integer, Type::Null]))
        .minimum(Some(1))
        .maximum(Some(MAX_TURNS))
}

fn tools() -> ArrayBuilder {
    let tool = string()
        .min_length(Some(1))
        .max_length(Some(MAX_TOOL))
        .pattern(Some(r"^[^\u0000\r\n]*$"))
        .examples(["Bash(git log, git diff:*)"]);
    ArrayBuilder::new()
        .description(Some(
            "The tools that the run may use without asking, of those the server allows",
        ))
        .schema_type(SchemaType::from_iter([Type::Array, Type::Null]))
        .items(tool)
        .max_items(Some(MAX_TOOLS))
}
