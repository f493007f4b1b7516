//! What the end of a run means: one pure table from what was seen to what is stored.

use std::time::Duration;

use longshore_shared::execution::{CancelReason, EndKind, Ending, ErrorCode, ExecutionError};
use longshore_shared::usage::Usage;
use serde_json::{Value, json};

use crate::result::ResultLine;
use crate::stream_json::InvalidLine;

/// What was seen of a run.
#[derive(Debug, Clone, Default)]
pub(crate) struct Report {
    /// The last `result` line.
    pub(crate) result: Option<ResultLine>,
    /// A turn was going on at the end: begun after the last result, or never followed by one.
    pub(crate) turn_open: bool,
    /// It may have changed the world.
    pub(crate) tool_used: bool,
    /// `error` of the last assistant line.
    pub(crate) assistant_error: Option<String>,
    /// When the API's rate limit ends, where the CLI told.
    pub(crate) resets_at: Option<Value>,
    /// Why we ended it, where we did.
    pub(crate) stopped: Option<Stopped>,
    pub(crate) exit: Exit,
    pub(crate) invalid_line: Option<InvalidLine>,
    /// The last 4 KiB.
    pub(crate) stderr: String,
    pub(crate) start_failure: Option<StartFailure>,
}

/// Why a run was ended from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stopped {
    Cancelled(CancelReason),
    TimedOut(Duration),
    Stalled(Duration),
    /// It had reported its result, or closed its output, and did not go.
    Lingered,
    /// The worker shuts down; the execution is handed back.
    Drained,
    /// Another worker may have it by now: nothing of this report counts any more.
    LeaseLost,
}

/// How the process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Exit {
    Code(i32),
    Signal(i32),
    #[default]
    Unknown,
}

/// Why there was no process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum StartFailure {
    /// No such program.
    NotFound(String),
    /// It is there but could not be started.
    CouldNotStart(String),
}

/// The table. The first row that fits counts.
pub(crate) fn decide(report: &Report) -> Ending {
    if let Some(failure) = &report.start_failure {
        return Ending::failed(not_started(failure));
    }
    if let Some(stopped) = report.stopped
        && let Some(ending) = ended_by_us(report, stopped)
    {
        return ending;
    }
    if let Some(invalid) = &report.invalid_line {
        return failed(report, output_invalid(invalid));
    }
    match &report.result {
        Some(result) if result.is_success() => ending(report, EndKind::Completed, None),
        Some(result) => failed(report, reported(report, result)),
        None => failed(report, without_result(report)),
    }
}

fn not_started(failure: &StartFailure) -> ExecutionError {
    match failure {
        StartFailure::NotFound(program) => ExecutionError::new(
            ErrorCode::CliNotFound,
            format!("the Claude CLI, `{program}`, is not installed on the worker"),
        ),
        StartFailure::CouldNotStart(cause) => ExecutionError::new(
            ErrorCode::CliStartFailed,
            format!("the Claude CLI could not be started: {cause}"),
        ),
    }
}

impl Report {
    /// Whether the CLI had said all it was asked for.
    fn is_finished(&self) -> bool {
        !self.turn_open && self.result.as_ref().is_some_and(ResultLine::is_complete)
    }

    /// Whether the run was broken off for another worker to take up.
    pub(crate) fn is_handed_back(&self) -> bool {
        let broken_off = matches!(self.stopped, Some(Stopped::Drained | Stopped::LeaseLost));
        broken_off && !self.is_finished()
    }
}

/// `None`: that we ended it does not decide.
fn ended_by_us(report: &Report, stopped: Stopped) -> Option<Ending> {
    let error = match stopped {
        Stopped::Lingered => return None,
        _ if report.is_finished() => return Some(ending(report, EndKind::Completed, None)),
        Stopped::Cancelled(reason) => {
            return Some(Ending {
                cost_usd: cost(report),
                usage: usage(report),
                ..Ending::cancelled(reason)
            });
        }
        Stopped::TimedOut(limit) => ExecutionError::new(
            ErrorCode::TimedOut,
            format!("the execution took longer than {}", spelled(limit)),
        ),
        Stopped::Stalled(limit) => ExecutionError::new(
            ErrorCode::Stalled,
            format!(
                "the Claude CLI printed nothing for {} while no tool was running",
                spelled(limit)
            ),
        ),
        Stopped::Drained | Stopped::LeaseLost => {
            ExecutionError::new(ErrorCode::WorkerLost, "its worker was shut down or lost")
        }
    };
    Some(failed(report, error))
}

fn output_invalid(invalid: &InvalidLine) -> ExecutionError {
    ExecutionError::new(
        ErrorCode::CliOutputInvalid,
        format!("the Claude CLI printed {invalid}"),
    )
    .with_details(json!({ "line": invalid.line() }))
}

/// The error that a result line tells of.
fn reported(report: &Report, result: &ResultLine) -> ExecutionError {
    let said = said(result);
    match result.subtype.as_str() {
        "error_max_turns" => ExecutionError::new(
            ErrorCode::MaxTurns,
            format!("the limit of turns was reached: {said}"),
        ),
        "error_max_budget_usd" => ExecutionError::new(
            ErrorCode::BudgetReached,
            format!("the budget was used up: {said}"),
        ),
        _ if names_no_conversation(&said) => not_resumable(&said),
        "success" => api_error(report, result, &said),
        _ if result.api_error_status.is_some() => api_error(report, result, &said),
        subtype => {
            let mut error = exited(
                report,
                format!("the Claude CLI ended the run with {subtype}: {said}"),
            );
            if let Some(Value::Object(details)) = &mut error.details {
                details.insert("subtype".to_owned(), subtype.into());
                details.insert("errors".to_owned(), result.errors.clone().into());
            }
            error
        }
    }
}

/// Failures of the API come as a `success` with `is_error` and the text of the failure.
fn api_error(report: &Report, result: &ResultLine, said: &str) -> ExecutionError {
    let status = result.api_error_status;
    let kind = report.assistant_error.as_deref();
    match (status, kind) {
        (Some(429), _) | (None, Some("rate_limit")) => {
            let mut details = json!({ "api_error_status": status });
            if let Some(at) = &report.resets_at {
                details["resets_at"] = at.clone();
            }
            ExecutionError::new(
                ErrorCode::RateLimited,
                format!("the Claude API's rate limit was reached: {said}"),
            )
            .with_details(details)
        }
        (Some(401 | 403), _) | (None, Some("authentication_failed")) => {
            authentication_failed(status, said)
        }
        (None, _) if said.starts_with("Not logged in") => authentication_failed(status, said),
        _ => ExecutionError::new(
            ErrorCode::ApiError,
            format!("the Claude API failed: {said}"),
        )
        .with_details(json!({ "api_error_status": status })),
    }
}

fn authentication_failed(status: Option<u16>, said: &str) -> ExecutionError {
    ExecutionError::new(
        ErrorCode::AuthenticationFailed,
        format!("the worker's credentials for the Claude API were refused: {said}"),
    )
    .with_details(json!({ "api_error_status": status }))
}

fn without_result(report: &Report) -> ExecutionError {
    if names_no_conversation(&report.stderr) {
        return not_resumable(report.stderr.trim());
    }
    let how = match report.exit {
        Exit::Code(code) => format!("exited with code {code}"),
        Exit::Signal(signal) => format!("was ended by signal {signal}"),
        Exit::Unknown => "ended".to_owned(),
    };
    exited(
        report,
        format!("the Claude CLI {how} without reporting a result"),
    )
}

fn exited(report: &Report, message: String) -> ExecutionError {
    let (code, signal) = match report.exit {
        Exit::Code(code) => (Some(code), None),
        Exit::Signal(signal) => (None, Some(signal)),
        Exit::Unknown => (None, None),
    };
    ExecutionError::new(ErrorCode::CliExited, message)
        .with_details(json!({ "exit_code": code, "signal": signal, "stderr": report.stderr }))
}

fn names_no_conversation(text: &str) -> bool {
    text.contains("No conversation found")
}

fn not_resumable(said: &str) -> ExecutionError {
    ExecutionError::new(
        ErrorCode::SessionNotResumable,
        format!("the session's conversation could not be continued: {said}"),
    )
}

fn said(result: &ResultLine) -> String {
    if result.errors.is_empty() {
        result.text.clone()
    } else {
        result.errors.join("; ")
    }
}

fn failed(report: &Report, error: ExecutionError) -> Ending {
    ending(report, EndKind::Failed, Some(error))
}

fn ending(report: &Report, kind: EndKind, error: Option<ExecutionError>) -> Ending {
    let result = report.result.as_ref().map(|result| result.contract.clone());
    Ending {
        kind,
        result,
        error,
        cost_usd: cost(report),
        usage: usage(report),
        after: None,
    }
}

fn cost(report: &Report) -> f64 {
    report.result.as_ref().map_or(0.0, |result| result.cost_usd)
}

fn usage(report: &Report) -> Usage {
    report
        .result
        .as_ref()
        .map_or_else(Usage::default, |result| result.usage)
}

fn spelled(duration: Duration) -> String {
    format!("{} s", duration.as_secs_f64())
}

#[cfg(test)]
mod tests;
