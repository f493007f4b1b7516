//! Reading requests: ids in paths, query parameters, and a JSON object field by field, with errors that name the field.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use longshore_shared::catalogue::Order;
use longshore_shared::id::{EventId, ExecutionId, SessionId, WorkspaceId};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::error::{ApiError, Code};

mod body;
pub(crate) mod idempotency_key;
mod unique;

/// The fields of a JSON object. Take each one by its name, then [`Self::finish`].
#[derive(Clone)]
pub(crate) struct Fields(BTreeMap<String, Box<RawValue>>);

impl Fields {
    /// # Errors
    /// 400 where the body is not one JSON object, or holds a key twice.
    pub(crate) fn parse(body: &[u8]) -> Result<Self, ApiError> {
        let invalid = |error: serde_json::Error| {
            ApiError::new(Code::InvalidJson, format!("the body is not JSON: {error}"))
        };
        let unique::Unique = serde_json::from_slice(body).map_err(invalid)?;
        serde_json::from_slice(body)
            .map(Self)
            .map_err(|_| ApiError::new(Code::InvalidRequest, "the body must be a JSON object"))
    }

    pub(crate) fn as_map(&self) -> &BTreeMap<String, Box<RawValue>> {
        &self.0
    }

    /// The field's value; absent and `null` are the same.
    pub(crate) fn take<T: DeserializeOwned>(
        &mut self,
        field: &str,
        wanted: &str,
    ) -> Result<Option<T>, ApiError> {
        let Some(value) = self.0.remove(field) else {
            return Ok(None);
        };
        serde_json::from_str(value.get())
            .map_err(|_| ApiError::invalid(field, format_args!("must be {wanted}")))
    }

    /// The field's value as it was written.
    pub(crate) fn take_raw(&mut self, field: &str) -> Option<Box<RawValue>> {
        self.0.remove(field).filter(|value| value.get() != "null")
    }

    /// # Errors
    /// 400 that names a field nobody took.
    pub(crate) fn finish(self) -> Result<(), ApiError> {
        match self.0.keys().next() {
            None => Ok(()),
            Some(field) => Err(ApiError::invalid(field, "there is no such field")),
        }
    }
}

impl<S: Send + Sync> FromRequest<S> for Fields {
    type Rejection = ApiError;

    async fn from_request(request: Request, _state: &S) -> Result<Self, ApiError> {
        if !is_json(request.headers()) {
            let message = "the body must be JSON, with the header content-type: application/json";
            return Err(ApiError::new(Code::UnsupportedMediaType, message));
        }
        Self::parse(&body::read(request.into_body()).await?)
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let value = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or("");
    let essence = value.split(';').next().unwrap_or("").trim();
    let essence = essence.to_ascii_lowercase();
    essence == "application/json"
        || (essence.len() > 17 && essence.starts_with("application/") && essence.ends_with("+json"))
}

/// The execution that a path names. What is no UUID names nothing.
pub(crate) struct PathId(pub(crate) ExecutionId);

impl<S: Send + Sync> FromRequestParts<S> for PathId {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let text = Path::<String>::from_request_parts(parts, state).await.ok();
        text.and_then(|Path(text)| text.parse().ok())
            .map(Self)
            .ok_or_else(ApiError::execution_not_found)
    }
}

/// The session that a path names. What is no UUID names nothing.
pub(crate) struct PathSession(pub(crate) SessionId);

impl<S: Send + Sync> FromRequestParts<S> for PathSession {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let text = Path::<String>::from_request_parts(parts, state).await.ok();
        text.and_then(|Path(text)| text.parse().ok())
            .map(Self)
            .ok_or_else(ApiError::session_not_found)
    }
}

/// Query parameters. Take each one by its name, then [`Self::finish`].
pub(crate) struct Query(BTreeMap<String, String>);

impl Query {
    pub(crate) fn take(&mut self, name: &str) -> Option<String> {
        self.0.remove(name)
    }

    /// A parameter that must be read; `wanted` says what it must be.
    fn take_as<T: FromStr>(&mut self, name: &str, wanted: &str) -> Result<Option<T>, ApiError> {
        let Some(text) = self.take(name) else {
            return Ok(None);
        };
        let value = text.parse().ok();
        value
            .map(Some)
            .ok_or_else(|| ApiError::invalid(name, format_args!("must be {wanted}")))
    }

    /// `workspace_id`.
    pub(crate) fn take_workspace(&mut self) -> Result<Option<WorkspaceId>, ApiError> {
        let wanted = format!("an id that matches {}", WorkspaceId::PATTERN);
        self.take_as("workspace_id", &wanted)
    }

    /// `session_id`.
    pub(crate) fn take_session(&mut self) -> Result<Option<SessionId>, ApiError> {
        self.take_as(
            "session_id",
            "a UUID like 018f2f6e-7b1a-7c3d-9a51-3f6f0f6b2c11",
        )
    }

    /// `status`, one of `all`.
    pub(crate) fn take_status<T: FromStr + fmt::Display>(
        &mut self,
        all: &[T],
    ) -> Result<Option<T>, ApiError> {
        let names: Vec<String> = all.iter().map(ToString::to_string).collect();
        self.take_as("status", &format!("one of {}", names.join(", ")))
    }

    /// A list's `cursor`.
    pub(crate) fn take_cursor<T: FromStr>(&mut self) -> Result<Option<T>, ApiError> {
        let Some(text) = self.take("cursor") else {
            return Ok(None);
        };
        let cursor = text.parse().ok();
        cursor.map(Some).ok_or_else(ApiError::invalid_cursor)
    }

    /// `order`: the oldest first, or the newest.
    pub(crate) fn take_order(&mut self) -> Result<Order, ApiError> {
        match self.take("order").as_deref() {
            None | Some("asc") => Ok(Order::Ascending),
            Some("desc") => Ok(Order::Descending),
            Some(_) => Err(ApiError::invalid("order", "must be asc or desc")),
        }
    }

    /// A number inside its range, `default` where it is absent.
    pub(crate) fn take_limit(&mut self, default: usize, max: usize) -> Result<usize, ApiError> {
        let Some(text) = self.take("limit") else {
            return Ok(default);
        };
        let limit = text.parse().ok().filter(|limit| (1..=max).contains(limit));
        limit.ok_or_else(|| {
            ApiError::invalid("limit", format_args!("must be a number from 1 to {max}"))
        })
    }

    /// How many things a page of a list may hold.
    pub(crate) fn take_list_limit(&mut self) -> Result<usize, ApiError> {
        self.take_limit(50, 200)
    }

    /// An event id to go on after.
    pub(crate) fn take_after(&mut self) -> Result<Option<EventId>, ApiError> {
        let Some(text) = self.take("after") else {
            return Ok(None);
        };
        let id = text
            .parse()
            .map_err(|error| ApiError::new(Code::InvalidCursor, format!("after: {error}")))?;
        Ok(Some(id))
    }

    /// # Errors
    /// 400 that names a parameter nobody took.
    pub(crate) fn finish(self) -> Result<(), ApiError> {
        match self.0.keys().next() {
            None => Ok(()),
            Some(name) => Err(ApiError::invalid(name, "there is no such query parameter")),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Query {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let pairs =
            axum::extract::Query::<Vec<(String, String)>>::from_request_parts(parts, state).await;
        let axum::extract::Query(pairs) = pairs
            .map_err(|_| ApiError::new(Code::InvalidRequest, "the query string cannot be read"))?;
        let mut query = BTreeMap::new();
        for (name, value) in pairs {
            if query.insert(name.clone(), value).is_some() {
                return Err(ApiError::invalid(&name, "is given twice"));
            }
        }
        Ok(Self(query))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_given_twice_is_refused_at_any_depth() {
        for body in [
            r#"{"a":1,"a":2}"#,
            r#"{"m":{"x":[{"y":1,"y":2}]}}"#,
            r#"{"a":1,"\u0061":2}"#,
        ] {
            let error = Fields::parse(body.as_bytes()).err().unwrap();
            assert_eq!(error.code, Code::InvalidJson, "{body}");
        }
        assert!(Fields::parse(br#"{"a":{"b":1},"c":[{"b":1},{"b":2}]}"#).is_ok());
    }

    #[test]
    fn what_is_no_object_is_named() {
        assert_eq!(
            Fields::parse(b"[1]").err().unwrap().code,
            Code::InvalidRequest
        );
        assert_eq!(Fields::parse(b"{").err().unwrap().code, Code::InvalidJson);
        assert_eq!(Fields::parse(b"").err().unwrap().code, Code::InvalidJson);
        assert_eq!(
            Fields::parse(b"{} {}").err().unwrap().code,
            Code::InvalidJson
        );
    }
}
