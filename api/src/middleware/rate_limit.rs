//! How often a caller may execute: a token a request, and headers that tell how many are left.

use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use longshore_shared::rate_limit::{Quota, Verdict};

use crate::error::{ApiError, Code};
use crate::identity::Caller;
use crate::state::ApiState;

const LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");

/// Lets a request through where its caller has a token, before anything of its body is looked at.
pub(crate) async fn limit(
    State(state): State<ApiState>,
    caller: Caller,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let Some(limit) = state.settings.rate_limit() else {
        return Ok(next.run(request).await);
    };
    let quota = state.backends.limiter.take(&caller.subject, limit).await?;
    let mut response = match quota.verdict {
        Verdict::Taken => next.run(request).await,
        Verdict::Refused { retry_after } => refusal(retry_after),
    };
    response.headers_mut().extend(headers(&quota));
    Ok(response)
}

fn refusal(retry_after: u64) -> Response {
    let message = format!("too many requests; there is room for one in {retry_after} s");
    let error = ApiError::new(Code::RateLimited, message);
    ([(header::RETRY_AFTER, retry_after)], error).into_response()
}

fn headers(quota: &Quota) -> [(HeaderName, HeaderValue); 3] {
    [
        (LIMIT, quota.limit.into()),
        (REMAINING, quota.remaining.into()),
        (RESET, quota.reset_at.into()),
    ]
}
