//! Where a request carries its token.

use std::fmt;

use axum::http::header::{AUTHORIZATION, SEC_WEBSOCKET_PROTOCOL};
use axum::http::{HeaderMap, HeaderValue};

use super::unauthorized::Unauthorized;

/// What the name of a subprotocol begins with that is a token: browsers can set no header of a WebSocket but this.
const SUBPROTOCOL: &str = "bearer.";

/// A token as it was given. Its `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Token(String);

impl Token {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// The token of the header `authorization`, where there is that header.
///
/// # Errors
/// When the header holds something else, or is there twice.
pub(crate) fn of_header(headers: &HeaderMap) -> Result<Option<Token>, Unauthorized> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let token = bearer(value).filter(|_| values.next().is_none());
    let message = "the header authorization must be one, of the form: Bearer {token}";
    token.map(Some).ok_or_else(|| Unauthorized::none(message))
}

/// As RFC 6750, section 2.1, writes it; the scheme's name is of either case.
fn bearer(value: &HeaderValue) -> Option<Token> {
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    let token = token.trim_matches(' ');
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then(|| Token::new(token))
}

/// The token among the subprotocols that a WebSocket client offers.
pub(crate) fn of_subprotocols(headers: &HeaderMap) -> Option<Token> {
    let mut offered = headers
        .get_all(SEC_WEBSOCKET_PROTOCOL)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|names| names.split(','));
    offered.find_map(|name| name.trim().strip_prefix(SUBPROTOCOL).map(Token::new))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: &'static str, values: &[&'static str]) -> HeaderMap {
        let values = values.iter().copied().map(HeaderValue::from_static);
        values.map(|value| (name.parse().unwrap(), value)).collect()
    }

    #[test]
    fn a_header_holds_one_bearer_token() {
        let of = |values: &[&'static str]| of_header(&headers("authorization", values));
        assert_eq!(of(&[]).unwrap(), None);
        for fine in ["Bearer a.b.c", "bearer a.b.c", "BEARER  a.b.c "] {
            assert_eq!(of(&[fine]).unwrap(), Some(Token::new("a.b.c")), "{fine}");
        }
        for bad in [
            "",
            "Bearer",
            "Bearer ",
            "Basic YTpi",
            "a.b.c",
            "Bearera.b.c",
        ] {
            assert!(of(&[bad]).is_err(), "{bad}");
        }
        assert!(of(&["Bearer a.b.c", "Bearer a.b.c"]).is_err());
    }

    #[test]
    fn a_subprotocol_may_be_a_token() {
        let of =
            |values: &[&'static str]| of_subprotocols(&headers("sec-websocket-protocol", values));
        for fine in [
            &["longshore.v1, bearer.a.b.c"][..],
            &["longshore.v1", "bearer.a.b.c"],
            &["bearer.a.b.c"],
        ] {
            assert_eq!(of(fine), Some(Token::new("a.b.c")), "{fine:?}");
        }
        for none in [&[][..], &["longshore.v1"], &["Bearer.x"], &["bearer"]] {
            assert_eq!(of(none), None, "{none:?}");
        }
    }

    #[test]
    fn a_token_is_not_shown() {
        assert!(!format!("{:?}", Token::new("hunter2")).contains("hunter2"));
    }
}
