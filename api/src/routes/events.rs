//! `GET /executions/{id}/events`: pages of the record, or all of it and what comes as a stream.

use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::Response;

use crate::error::ApiError;
use crate::extract::{PathId, Query};
use crate::identity::permission::Reader;
use crate::middleware::trace::TraceId;
use crate::openapi::schemas;
use crate::state::ApiState;

mod page;
mod sse;
mod stream;

/// The recorded events of an execution, in pages; or, for who accepts `text/event-stream`, all of them and what follows.
#[utoipa::path(
    get, path = "/api/v1/claude/executions/{id}/events", operation_id = "list_events",
    tag = "executions", security(("bearer" = [])),
    params(
        ("id" = Uuid, Path, description = "The execution"),
        ("after" = Option<schemas::After>, Query, description = "The event to go on after"),
        ("limit" = Option<usize>, Query, description = "Events on a page, 200 when absent; a stream has none", minimum = 1, maximum = 1000),
        ("last-event-id" = Option<String>, Header, nullable = false, description = "Of a stream: the id of the event to go on after, which counts more than `after`"),
    ),
    responses(
        (status = 200, description = "A page, or a stream of events whose data is a frame", content(
            (schemas::EventPage = "application/json"),
            (String = "text/event-stream"),
        )),
        (status = 204, description = "A stream after the `end`: nothing will follow"),
    ),
)]
pub(crate) async fn events(
    State(state): State<ApiState>,
    Reader(caller): Reader,
    request: TraceId,
    PathId(id): PathId,
    query: Query,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    if accepts_stream(&headers) {
        stream::stream(state, caller, &request, id, query, &headers).await
    } else {
        page::page(&state, &caller, id, query).await
    }
}

/// Whether `text/event-stream` itself is asked for: a client that takes anything is answered with a page.
fn accepts_stream(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).iter();
    accepted
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|range| {
            let mut parts = range.split(';').map(str::trim);
            let named = parts
                .next()
                .is_some_and(|name| name.eq_ignore_ascii_case("text/event-stream"));
            named && !parts.any(|part| matches!(part, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
        })
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn a_stream_is_only_for_who_names_it() {
        let accept = |value: &'static str| {
            accepts_stream(&HeaderMap::from_iter([(
                header::ACCEPT,
                HeaderValue::from_static(value),
            )]))
        };
        for stream in [
            "text/event-stream",
            "Text/Event-Stream; charset=utf-8",
            "application/json;q=0.5, text/event-stream",
        ] {
            assert!(accept(stream), "{stream}");
        }
        for page in [
            "",
            "*/*",
            "text/*",
            "application/json",
            "text/event-stream;q=0",
            "text/event-streams",
        ] {
            assert!(!accept(page), "{page}");
        }
        assert!(!accepts_stream(&HeaderMap::new()));
    }
}
