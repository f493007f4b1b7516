//! Why an execution did not complete.

use serde::{Deserialize, Serialize};

/// Why an execution did not complete.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExecutionError {
    /// What a program decides by.
    pub code: ErrorCode,
    /// What a person reads.
    pub message: String,
    /// What else is known, such as `exit_code`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<serde_json::Value>,
}

impl ExecutionError {
    /// An error without details.
    #[must_use]
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            details: None,
        }
    }

    /// The same with details.
    #[must_use]
    pub fn with_details(mut self, details: serde_json::Value) -> Self {
        self.details = Some(details);
        self
    }
}

/// The error codes of an execution, as the contract lists them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the names are the contract's and say it")]
pub enum ErrorCode {
    Cancelled,
    TimedOut,
    Stalled,
    MaxTurns,
    BudgetReached,
    ApiError,
    AuthenticationFailed,
    RateLimited,
    CliNotFound,
    CliStartFailed,
    CliExited,
    CliOutputInvalid,
    SessionNotResumable,
    WorkspaceUnavailable,
    WorkerLost,
    OutcomeUnknown,
    Poisoned,
    SessionClosed,
    InternalError,
}

impl ErrorCode {
    /// All of them, in the order of their declaration.
    pub const ALL: [Self; 19] = [
        Self::Cancelled,
        Self::TimedOut,
        Self::Stalled,
        Self::MaxTurns,
        Self::BudgetReached,
        Self::ApiError,
        Self::AuthenticationFailed,
        Self::RateLimited,
        Self::CliNotFound,
        Self::CliStartFailed,
        Self::CliExited,
        Self::CliOutputInvalid,
        Self::SessionNotResumable,
        Self::WorkspaceUnavailable,
        Self::WorkerLost,
        Self::OutcomeUnknown,
        Self::Poisoned,
        Self::SessionClosed,
        Self::InternalError,
    ];
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The reader names every code that there is.
    #[test]
    fn all_error_codes_are_listed() {
        let error = serde_json::from_str::<ErrorCode>("\"nosuch\"")
            .unwrap_err()
            .to_string();
        let known = error.split("expected one of ").nth(1).unwrap_or_default();
        let listed =
            ErrorCode::ALL.map(|code| serde_json::to_string(&code).unwrap().replace('"', "`"));
        assert!(known.starts_with(&listed.join(", ")), "{error}");
        assert_eq!(known.matches('`').count(), 2 * listed.len(), "{error}");
    }
}
