//! Pages of the record.

use axum::http::header;
use axum::response::{IntoResponse, Response};
use longshore_shared::event_log::{Followed, replay};
use longshore_shared::id::{EventId, ExecutionId};

use crate::error::ApiError;
use crate::extract::Query;
use crate::frames;
use crate::identity::{Caller, Scope};
use crate::state::ApiState;

const DEFAULT_LIMIT: usize = 200;
const MAX_LIMIT: usize = 1000;

/// A page ends early when it holds this much; `next_after` goes on.
const MAX_BYTES: usize = 8 << 20;

pub(super) async fn page(
    state: &ApiState,
    caller: &Caller,
    id: ExecutionId,
    mut query: Query,
) -> Result<Response, ApiError> {
    caller.may(Scope::Read)?;
    let (after, limit) = (
        query.take_after()?,
        query.take_limit(DEFAULT_LIMIT, MAX_LIMIT)?,
    );
    query.finish()?;
    let key = state.locate(id).await?;
    state.execution(key, caller).await?;
    let log = state.backends.log.as_ref();
    let mut page = PageBody::default();
    for followed in replay(log, key, after, limit, MAX_BYTES).await? {
        if let Followed::Event(event) = &followed {
            page.last = event.id;
        }
        page.push(&frames::followed(followed, key.execution));
    }
    Ok(page.finish())
}

/// The answer's text as it grows: frames are passed on as they are.
#[derive(Default)]
struct PageBody {
    text: Vec<u8>,
    last: Option<EventId>,
}

impl PageBody {
    fn push(&mut self, frame: &[u8]) {
        self.text.extend_from_slice(if self.text.is_empty() {
            br#"{"events":["#
        } else {
            b","
        });
        self.text.extend_from_slice(frame);
    }

    fn finish(mut self) -> Response {
        if self.text.is_empty() {
            self.text.extend_from_slice(br#"{"events":["#);
        }
        let next = self
            .last
            .map_or_else(|| "null".to_owned(), |id| format!("\"{id}\""));
        self.text
            .extend_from_slice(format!(r#"],"next_after":{next}}}"#).as_bytes());
        ([(header::CONTENT_TYPE, "application/json")], self.text).into_response()
    }
}
