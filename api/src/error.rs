//! The one error shape: `{code, message, details?, trace_id, timestamp}` on every path.

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use longshore_shared::error::{AcceptError, ListError, PublishError, Unavailable};
use longshore_shared::timestamp::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};
use tracing::error;
use utoipa::ToSchema;

use crate::openapi::schemas::Time;

/// What a program decides by. Each code has its HTTP status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ErrorCode)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Code {
    InvalidJson,
    InvalidRequest,
    InvalidCursor,
    Unauthorized,
    Forbidden,
    NotFound,
    SessionNotFound,
    ExecutionNotFound,
    MethodNotAllowed,
    SessionClosed,
    IdempotencyConflict,
    PayloadTooLarge,
    UnsupportedMediaType,
    UpgradeRequired,
    RateLimited,
    QueueFull,
    TooManyConnections,
    BrokerUnavailable,
    StoreUnavailable,
    ShuttingDown,
    InternalError,
}

impl Code {
    /// All of them, in the order of their declaration.
    pub(crate) const ALL: [Self; 21] = [
        Self::InvalidJson,
        Self::InvalidRequest,
        Self::InvalidCursor,
        Self::Unauthorized,
        Self::Forbidden,
        Self::NotFound,
        Self::SessionNotFound,
        Self::ExecutionNotFound,
        Self::MethodNotAllowed,
        Self::SessionClosed,
        Self::IdempotencyConflict,
        Self::PayloadTooLarge,
        Self::UnsupportedMediaType,
        Self::UpgradeRequired,
        Self::RateLimited,
        Self::QueueFull,
        Self::TooManyConnections,
        Self::BrokerUnavailable,
        Self::StoreUnavailable,
        Self::ShuttingDown,
        Self::InternalError,
    ];

    pub(crate) fn status(self) -> StatusCode {
        match self {
            Self::InvalidJson | Self::InvalidRequest | Self::InvalidCursor => {
                StatusCode::BAD_REQUEST
            }
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::NotFound | Self::SessionNotFound | Self::ExecutionNotFound => {
                StatusCode::NOT_FOUND
            }
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::SessionClosed | Self::IdempotencyConflict => StatusCode::CONFLICT,
            Self::PayloadTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::UpgradeRequired => StatusCode::UPGRADE_REQUIRED,
            Self::RateLimited => StatusCode::TOO_MANY_REQUESTS,
            Self::QueueFull
            | Self::TooManyConnections
            | Self::BrokerUnavailable
            | Self::StoreUnavailable
            | Self::ShuttingDown => StatusCode::SERVICE_UNAVAILABLE,
            Self::InternalError => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

/// The body of every error.
#[derive(Serialize, ToSchema)]
#[schema(as = Error)]
#[serde(deny_unknown_fields)]
pub(crate) struct ErrorBody<'a> {
    code: Code,
    /// What was wrong and what would be right
    message: &'a str,
    /// What else is known, such as `field`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>, nullable = false)]
    details: Option<&'a Value>,
    /// The W3C trace id, also in the header `x-trace-id`
    #[schema(pattern = "^[0-9a-f]{32}$")]
    trace_id: &'a str,
    #[schema(value_type = Time)]
    timestamp: Timestamp,
}

/// Seconds after which a client may try again what a 503 refused.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("2");

/// What a client has to upgrade to: RFC 9110, section 15.5.22, and RFC 6455, section 4.4.
const UPGRADE: [(HeaderName, HeaderValue); 3] = [
    (header::CONNECTION, HeaderValue::from_static("upgrade")),
    (header::UPGRADE, HeaderValue::from_static("websocket")),
    (
        header::SEC_WEBSOCKET_VERSION,
        HeaderValue::from_static("13"),
    ),
];

/// An answer that is an error. `message` says what was wrong and what would be right; it never shows a cause from
/// inside.
#[derive(Debug, Clone)]
pub(crate) struct ApiError {
    pub(crate) code: Code,
    pub(crate) message: String,
    pub(crate) details: Option<Value>,
}

impl ApiError {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            details: None,
        }
    }

    /// 400 that names the field.
    pub(crate) fn invalid(field: &str, message: impl std::fmt::Display) -> Self {
        Self::new(Code::InvalidRequest, format!("{field}: {message}"))
            .with(json!({ "field": field }))
    }

    pub(crate) fn execution_not_found() -> Self {
        Self::new(
            Code::ExecutionNotFound,
            "no such execution; it may have been kept no longer",
        )
    }

    pub(crate) fn session_not_found() -> Self {
        Self::new(
            Code::SessionNotFound,
            "no such session; it may have been kept no longer",
        )
    }

    pub(crate) fn invalid_cursor() -> Self {
        Self::new(
            Code::InvalidCursor,
            "cursor: none that this server gave out, or too old; begin without one",
        )
    }

    pub(crate) fn internal() -> Self {
        Self::new(
            Code::InternalError,
            "something went wrong inside; the trace id finds it in the logs",
        )
    }

    pub(crate) fn with(mut self, details: Value) -> Self {
        self.details = Some(details);
        self
    }

    /// The body, which needs the request's trace id.
    fn body<'a>(&'a self, trace_id: &'a str) -> ErrorBody<'a> {
        ErrorBody {
            code: self.code,
            message: &self.message,
            details: self.details.as_ref(),
            trace_id,
            timestamp: Timestamp::now(),
        }
    }

    /// The whole answer.
    pub(crate) fn respond(&self, trace_id: &str) -> Response {
        let status = self.code.status();
        let mut response = (status, axum::Json(self.body(trace_id))).into_response();
        let headers = response.headers_mut();
        if status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(header::RETRY_AFTER, RETRY_AFTER);
        } else if status == StatusCode::UPGRADE_REQUIRED {
            headers.extend(UPGRADE);
        }
        response
    }
}

impl IntoResponse for ApiError {
    /// Leaves the error with the response; `middleware::trace` knows the trace id and writes the body.
    fn into_response(self) -> Response {
        let mut response = self.code.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<Unavailable> for ApiError {
    fn from(unavailable: Unavailable) -> Self {
        error!(error = %unavailable, "an engine did not answer");
        match unavailable.engine {
            "rabbitmq" => Self::new(
                Code::BrokerUnavailable,
                "the queue does not answer; try again later",
            ),
            _ => Self::new(
                Code::StoreUnavailable,
                "the store does not answer; try again later",
            ),
        }
    }
}

impl From<AcceptError> for ApiError {
    fn from(refused: AcceptError) -> Self {
        match refused {
            AcceptError::SessionNotFound => Self::new(
                Code::SessionNotFound,
                "no such session in this workspace; leave session_id out to begin one",
            ),
            AcceptError::SessionClosed => Self::new(
                Code::SessionClosed,
                "the session is closed; leave session_id out to begin a new one",
            ),
            AcceptError::Unavailable(unavailable) => unavailable.into(),
        }
    }
}

impl From<ListError> for ApiError {
    fn from(failed: ListError) -> Self {
        match failed {
            ListError::InvalidCursor => Self::invalid_cursor(),
            ListError::Unavailable(unavailable) => unavailable.into(),
        }
    }
}

impl From<PublishError> for ApiError {
    fn from(failed: PublishError) -> Self {
        match failed {
            PublishError::Full => Self::new(
                Code::QueueFull,
                "too many executions are waiting; try again later",
            ),
            PublishError::Unroutable => {
                error!("the queue of executions does not exist; it will be declared again");
                Self::new(
                    Code::BrokerUnavailable,
                    "the queue does not exist at the moment; try again later",
                )
            }
            PublishError::Unavailable(unavailable) => unavailable.into(),
        }
    }
}
