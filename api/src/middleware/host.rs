//! While callers are not identified, only pages and programs of this machine are served.
//!
//! The listener is on loopback, but a page of any site can have its own name lead there (DNS rebinding), and its browser
//! would take us for that site. The `Host` it sends gives it away.

use std::net::IpAddr;

use axum::extract::{Request, State};
use axum::http::Method;
use axum::http::header::HOST;
use axum::http::uri::Authority;
use axum::middleware::Next;
use axum::response::Response;

use super::origin;
use crate::error::{ApiError, Code};
use crate::state::ApiState;

/// Refuses requests that were meant for another host, and those of foreign pages that would change something.
pub(crate) async fn of_this_machine(
    State(state): State<ApiState>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    check_host(&state, &request)?;
    let reads = matches!(
        *request.method(),
        Method::GET | Method::HEAD | Method::OPTIONS
    );
    if !reads {
        origin::check(&state, request.headers())?;
    }
    Ok(next.run(request).await)
}

/// Both the header and the authority of a target in absolute form say which host is meant.
fn check_host(state: &ApiState, request: &Request) -> Result<(), ApiError> {
    let mut hosts = request.headers().get_all(HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else {
        return Err(ApiError::invalid("host", "must be one header"));
    };
    let target = request.uri().authority().map(Authority::as_str);
    let mut meant = [host.to_str().unwrap_or("")].into_iter().chain(target);
    if meant.all(|host| is_loopback(host) || state.settings.allowed_origins.name(host)) {
        return Ok(());
    }
    let message =
        "callers are not identified, so only requests to localhost or an allowed origin are served";
    Err(ApiError::new(Code::Forbidden, message))
}

fn is_loopback(host: &str) -> bool {
    let Ok(authority) = host.parse::<Authority>() else {
        return false;
    };
    let name = authority.host();
    let address = name
        .trim_start_matches('[')
        .trim_end_matches(']')
        .parse::<IpAddr>();
    name.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_this_machine_are_loopback() {
        for own in [
            "localhost",
            "LocalHost:8080",
            "127.0.0.1:8080",
            "127.1.2.3",
            "[::1]:80",
        ] {
            assert!(is_loopback(own), "{own}");
        }
        for foreign in [
            "",
            "evil.example",
            "localhost.evil.example:8080",
            "10.0.0.1",
            "127.0.0.1.evil.example",
        ] {
            assert!(!is_loopback(foreign), "{foreign}");
        }
    }
}
