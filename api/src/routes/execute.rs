//! `POST /execute`: checks the request, records the execution, queues its job.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderName, StatusCode, header};
use axum::response::IntoResponse;
use longshore_shared::error::{AcceptError, Unavailable};
use longshore_shared::execution::{Ending, ErrorCode, ExecutionError, Status};
use longshore_shared::id::{ExecutionId, SessionId};
use longshore_shared::job::Job;
use longshore_shared::session::SessionMode;
use longshore_shared::store::Withdrawn;
use longshore_shared::timestamp::Timestamp;
use serde::Serialize;
use tracing::{Instrument as _, info, warn};
use utoipa::ToSchema;

use super::executions::publish_next;
use crate::error::ApiError;
use crate::extract::{Fields, Query};
use crate::identity::{Caller, Scope};
use crate::middleware::trace::TraceId;
use crate::openapi::schemas;
use crate::state::ApiState;

mod document;
mod request;

use request::ExecuteRequest;

/// An execution that was accepted.
#[derive(Serialize, ToSchema)]
#[schema(as = ExecuteResponse)]
#[serde(deny_unknown_fields)]
pub(crate) struct Accepted {
    #[schema(value_type = Uuid)]
    execution_id: ExecutionId,
    #[schema(value_type = Uuid)]
    session_id: SessionId,
    /// Always `pending`
    #[schema(value_type = schemas::Status)]
    status: Status,
    #[schema(example = "/ws/executions/018f2f6e-7b1a-7c3d-9a51-3f6f0f6b2c11")]
    websocket_url: String,
    events_url: String,
}

/// Accepts one execution: it is recorded, and its job is queued.
#[utoipa::path(
    post, path = "/api/v1/claude/execute", tag = "executions", security(("bearer" = [])),
    params(
        ("traceparent" = Option<String>, Header, nullable = false, description = "W3C trace context; its trace id is kept where it is well formed"),
    ),
    request_body = document::ExecuteRequest,
    responses((
        status = 202, description = "It is recorded and queued", body = Accepted,
        headers(("location" = String, description = "The execution")),
    )),
)]
pub(crate) async fn execute(
    State(state): State<ApiState>,
    caller: Caller,
    trace: TraceId,
    query: Query,
    body: Fields,
) -> Result<impl IntoResponse, ApiError> {
    caller.may(Scope::Execute)?;
    query.finish()?;
    let request = ExecuteRequest::read(body, &state.settings)?;
    caller.may_name(&request.workspace_id)?;
    let (job, mode) = job(request, &trace);
    // In a task of its own: a client that hangs up must not leave a record behind whose job was never queued.
    let (execution_id, session_id) = (job.execution_id, job.session_id);
    tokio::spawn(submit(state, job, mode).in_current_span())
        .await
        .map_err(|_| ApiError::internal())??;
    let path = format!("/api/v1/claude/executions/{execution_id}");
    let accepted = Accepted {
        execution_id,
        session_id,
        status: Status::Pending,
        websocket_url: format!("/ws/executions/{execution_id}"),
        events_url: format!("{path}/events"),
    };
    let location: [(HeaderName, String); 1] = [(header::LOCATION, path)];
    Ok((StatusCode::ACCEPTED, location, Json(accepted)))
}

fn job(request: ExecuteRequest, trace: &TraceId) -> (Job, SessionMode) {
    let mode = if request.session_id.is_some() {
        SessionMode::Continue
    } else {
        SessionMode::Begin
    };
    let job = Job {
        execution_id: ExecutionId::generate(),
        session_id: request.session_id.unwrap_or_else(SessionId::generate),
        workspace_id: request.workspace_id,
        accepted_at: Timestamp::now(),
        trace_id: trace.as_str().to_owned(),
        request: request.run,
    };
    (job, mode)
}

/// Records, then queues; afterwards the execution is both, or neither.
async fn submit(state: ApiState, job: Job, mode: SessionMode) -> Result<(), ApiError> {
    match state.backends.store.accept(&job, mode).await {
        Ok(()) => {}
        Err(refused) => {
            if matches!(refused, AcceptError::Unavailable(_)) {
                // It may have been recorded all the same, and would keep its session waiting. The client need not wait
                // for that: it is told to try again either way.
                tokio::spawn(async move { withdraw(&state, &job).await }.in_current_span());
            }
            return Err(refused.into());
        }
    }
    if let Err(failed) = state.backends.queue.publish(&job).await {
        return match withdraw(&state, &job).await? {
            // Its message got through, and a worker took it: that is an accepted execution.
            Withdrawn::Taken => Ok(()),
            Withdrawn::Ended(_) | Withdrawn::NothingToDo => Err(failed.into()),
        };
    }
    if let Err(error) = state.backends.store.dispatched(job.key()).await {
        // It is queued; at worst it is queued once more, and the second delivery finds it taken.
        warn!(execution = %job.execution_id, %error, "could not note that the job is queued");
    }
    info!(execution = %job.execution_id, session = %job.session_id, workspace = %job.workspace_id, "accepted");
    Ok(())
}

/// Ends what could not be queued, so that a copy which got through after all is dropped.
async fn withdraw(state: &ApiState, job: &Job) -> Result<Withdrawn, Unavailable> {
    let error = ExecutionError::new(
        ErrorCode::InternalError,
        "the execution could not be queued",
    );
    let ending = Ending::failed(error);
    let mut withdrawn = state.backends.store.withdraw(job.key(), &ending).await?;
    if let Withdrawn::Ended(next) = &mut withdrawn {
        publish_next(state, next.take()).await;
    }
    Ok(withdrawn)
}
