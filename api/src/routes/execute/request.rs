//! `ExecuteRequest` of the contract: every field with its rule.

use longshore_shared::id::{SessionId, WorkspaceId};
use longshore_shared::job::{OnWorkerLoss, RunRequest};
use serde_json::value::RawValue;

use crate::config::ApiSettings;
use crate::error::ApiError;
use crate::extract::Fields;

pub(super) const MAX_PROMPT: usize = 1 << 20;
pub(super) const MAX_SYSTEM_PROMPT: usize = 256 << 10;
pub(super) const MAX_TOOLS: usize = 64;
pub(super) const MAX_TOOL: usize = 256;
pub(super) const MAX_MODEL: usize = 128;
pub(super) const MAX_METADATA: usize = 16 << 10;
pub(super) const MAX_TURNS: u32 = 1000;

/// A checked request.
pub(super) struct ExecuteRequest {
    pub(super) workspace_id: WorkspaceId,
    pub(super) session_id: Option<SessionId>,
    pub(super) run: RunRequest,
}

impl ExecuteRequest {
    /// # Errors
    /// 400 that names the first field that breaks its rule.
    pub(super) fn read(mut fields: Fields, settings: &ApiSettings) -> Result<Self, ApiError> {
        let request = Self {
            workspace_id: workspace_id(&mut fields)?,
            session_id: session_id(&mut fields)?,
            run: RunRequest {
                prompt: prompt(&mut fields)?,
                system_prompt: text(&mut fields, "system_prompt", MAX_SYSTEM_PROMPT)?,
                append_system_prompt: text(&mut fields, "append_system_prompt", MAX_SYSTEM_PROMPT)?,
                max_turns: max_turns(&mut fields)?,
                tools: tools(&mut fields, settings)?,
                model: text(&mut fields, "model", MAX_MODEL)?,
                stream: fields.take("stream", "true or false")?.unwrap_or_default(),
                timeout_seconds: timeout(&mut fields, settings)?,
                max_budget_usd: budget(&mut fields)?,
                on_worker_loss: on_worker_loss(&mut fields)?,
                metadata: metadata(&mut fields)?,
            },
        };
        fields.finish()?;
        Ok(request)
    }
}

fn workspace_id(fields: &mut Fields) -> Result<WorkspaceId, ApiError> {
    const FIELD: &str = "workspace_id";
    let text: String = fields
        .take(FIELD, "a string")?
        .ok_or_else(|| ApiError::invalid(FIELD, "is required"))?;
    text.parse()
        .map_err(|_| ApiError::invalid(FIELD, format_args!("must match {}", WorkspaceId::PATTERN)))
}

fn session_id(fields: &mut Fields) -> Result<Option<SessionId>, ApiError> {
    const FIELD: &str = "session_id";
    let text: Option<String> = fields.take(FIELD, "a string")?;
    text.map(|text| {
        text.parse()
            .map_err(|error| ApiError::invalid(FIELD, error))
    })
    .transpose()
}

fn prompt(fields: &mut Fields) -> Result<String, ApiError> {
    const FIELD: &str = "prompt";
    let prompt: String = fields
        .take(FIELD, "a string")?
        .ok_or_else(|| ApiError::invalid(FIELD, "is required"))?;
    let wrong = if prompt.len() > MAX_PROMPT {
        "may have 1 MiB of UTF-8 at most"
    } else if prompt.trim().is_empty() {
        "must hold more than white space"
    } else if prompt.contains('\0') {
        "must not hold a NUL character"
    } else {
        return Ok(prompt);
    };
    Err(ApiError::invalid(FIELD, wrong))
}

/// A text with a limit in bytes. An empty one is absent.
fn text(fields: &mut Fields, field: &str, max: usize) -> Result<Option<String>, ApiError> {
    let text: Option<String> = fields.take(field, "a string")?;
    match text {
        Some(text) if text.len() > max => Err(ApiError::invalid(
            field,
            format_args!("may have {max} bytes of UTF-8 at most"),
        )),
        Some(text) if text.contains('\0') => {
            Err(ApiError::invalid(field, "must not hold a NUL character"))
        }
        text => Ok(text.filter(|text| !text.is_empty())),
    }
}

fn max_turns(fields: &mut Fields) -> Result<Option<u32>, ApiError> {
    let wanted = format!("a whole number from 1 to {MAX_TURNS}");
    let turns = whole_number(fields, "max_turns", u64::from(MAX_TURNS), &wanted)?;
    Ok(turns.and_then(|turns| u32::try_from(turns).ok()))
}

fn timeout(fields: &mut Fields, settings: &ApiSettings) -> Result<Option<u64>, ApiError> {
    let max = settings.max_timeout();
    let wanted = format!("a whole number of seconds from 1 to {max}");
    whole_number(fields, "timeout_seconds", max, &wanted)
}

/// From 1 to `max`. JSON knows one kind of number: 8.0 and 8e0 are whole too.
fn whole_number(
    fields: &mut Fields,
    field: &str,
    max: u64,
    wanted: &str,
) -> Result<Option<u64>, ApiError> {
    match fields.take::<f64>(field, wanted)? {
        Some(number) if number.fract() != 0.0 || !(1.0..=max as f64).contains(&number) => {
            Err(ApiError::invalid(field, format_args!("must be {wanted}")))
        }
        number => Ok(number.map(|number| number as u64)),
    }
}

fn budget(fields: &mut Fields) -> Result<Option<f64>, ApiError> {
    match fields.take::<f64>("max_budget_usd", "a number above 0")? {
        Some(budget) if !(budget > 0.0 && budget.is_finite()) => Err(ApiError::invalid(
            "max_budget_usd",
            "must be a number above 0",
        )),
        budget => Ok(budget),
    }
}

fn tools(fields: &mut Fields, settings: &ApiSettings) -> Result<Option<Vec<String>>, ApiError> {
    const FIELD: &str = "tools";
    let Some(tools) = fields.take::<Vec<String>>(FIELD, "an array of strings")? else {
        return Ok(None);
    };
    if tools.len() > MAX_TOOLS {
        return Err(ApiError::invalid(
            FIELD,
            format_args!("may have {MAX_TOOLS} entries at most"),
        ));
    }
    for tool in &tools {
        let fits = (1..=MAX_TOOL).contains(&tool.len()) && !tool.contains(['\0', '\n', '\r']);
        if !fits {
            return Err(ApiError::invalid(
                FIELD,
                format_args!("an entry must be one line of 1 to {MAX_TOOL} bytes"),
            ));
        }
        if !settings.allows(tool) {
            return Err(ApiError::invalid(
                FIELD,
                format_args!("{tool:?} is not among the tools this server allows"),
            ));
        }
    }
    Ok(Some(tools))
}

fn on_worker_loss(fields: &mut Fields) -> Result<OnWorkerLoss, ApiError> {
    const FIELD: &str = "on_worker_loss";
    const WANTED: &str = r#""auto", "retry" or "fail""#;
    let text: Option<String> = fields.take(FIELD, WANTED)?;
    match text.as_deref() {
        None => Ok(OnWorkerLoss::default()),
        Some("auto") => Ok(OnWorkerLoss::Auto),
        Some("retry") => Ok(OnWorkerLoss::Retry),
        Some("fail") => Ok(OnWorkerLoss::Fail),
        Some(_) => Err(ApiError::invalid(FIELD, format_args!("must be {WANTED}"))),
    }
}

fn metadata(fields: &mut Fields) -> Result<Option<Box<RawValue>>, ApiError> {
    const FIELD: &str = "metadata";
    match fields.take_raw(FIELD) {
        Some(value) if !value.get().starts_with('{') => {
            Err(ApiError::invalid(FIELD, "must be an object"))
        }
        Some(value) if value.get().len() > MAX_METADATA => Err(ApiError::invalid(
            FIELD,
            format_args!("may have {MAX_METADATA} bytes of JSON at most"),
        )),
        value => Ok(value),
    }
}
