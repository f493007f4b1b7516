//! Pages of the record.

use axum::http::header;
use axum::response::{IntoResponse, Response};
use longshore_shared::event_log::{Followed, replay};
use longshore_shared::id::ExecutionId;
use serde_json::json;

use crate::error::ApiError;
use crate::extract::Query;
use crate::frames::{self, FrameList, MAX_PAGE_BYTES};
use crate::identity::Caller;
use crate::state::ApiState;

const DEFAULT_LIMIT: usize = 200;
const MAX_LIMIT: usize = 1000;

pub(super) async fn page(
    state: &ApiState,
    caller: &Caller,
    id: ExecutionId,
    mut query: Query,
) -> Result<Response, ApiError> {
    let (after, limit) = (
        query.take_after()?,
        query.take_limit(DEFAULT_LIMIT, MAX_LIMIT)?,
    );
    query.finish()?;
    let key = state.locate(id).await?;
    state.execution(key, caller).await?;
    let log = state.backends.log.as_ref();
    let (mut events, mut last) = (FrameList::default(), None);
    for followed in replay(log, key, after, limit, MAX_PAGE_BYTES).await? {
        if let Followed::Event(event) = &followed {
            last = event.id;
        }
        events.push(&frames::followed(followed, key.execution));
    }
    let rest = format!(r#","next_after":{}"#, json!(last));
    let body = events.into_object("events", &rest);
    Ok(([(header::CONTENT_TYPE, "application/json")], body).into_response())
}
