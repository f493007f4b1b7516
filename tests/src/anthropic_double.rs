//! A loopback stand-in for the Anthropic Messages API, for suites that run the real CLI.
//!
//! What it answers is chosen by the last `[[verb args]]` of the newest prompt; without one it says hello:
//! `text WORDS…`, `tool NAME {json} n=1`, `talktool NAME {json}`, `think`, `slow ms=200 words=50`, `hang after=1`,
//! `big kib=1024`, `http CODE times=N retry-after=S`, `echo`.

mod answer;
mod play;
mod recorded;
mod script;
mod sse;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::post;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::{CancellationToken, DropGuard};

pub use recorded::Recorded;

/// Within which an awaited request has to come; the real CLI takes seconds to start on a busy machine.
const BOUND: Duration = Duration::from_secs(30);

/// A running double; dropping it ends its listener and every answer under way.
pub struct AnthropicDouble {
    url: String,
    shared: Arc<Shared>,
    handed_out: Mutex<usize>,
    _running: DropGuard,
}

struct Shared {
    requests: watch::Sender<Vec<Recorded>>,
    stop: CancellationToken,
}

impl AnthropicDouble {
    /// Listens on a free port of 127.0.0.1.
    ///
    /// # Panics
    /// When there is none.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        Self::serve(listener)
    }

    /// Listens there. Must be called inside a runtime.
    ///
    /// # Panics
    /// When that is no listener any more.
    #[must_use]
    pub fn serve(listener: TcpListener) -> Self {
        let address = listener.local_addr().expect("the port's address");
        let stop = CancellationToken::new();
        let shared = Arc::new(Shared {
            requests: watch::Sender::new(Vec::new()),
            stop: stop.clone(),
        });
        let routes = Router::new()
            .route("/v1/messages", post(messages))
            .route("/v1/messages/count_tokens", post(count_tokens))
            .fallback(not_found)
            .with_state(Arc::clone(&shared));
        let stopped = stop.clone().cancelled_owned();
        let server = axum::serve(listener, routes).with_graceful_shutdown(stopped);
        tokio::spawn(server.into_future());
        Self {
            url: format!("http://{address}"),
            shared,
            handed_out: Mutex::new(0),
            _running: stop.drop_guard(),
        }
    }

    /// For `ANTHROPIC_BASE_URL`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Every `POST /v1/messages` so far, oldest first.
    pub fn requests(&self) -> Vec<Recorded> {
        self.shared.requests.borrow().clone()
    }

    /// The oldest request that this has not returned before.
    ///
    /// # Panics
    /// When none comes within 30 seconds.
    pub async fn next_request(&self) -> Recorded {
        let index = {
            let mut handed_out = self
                .handed_out
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            *handed_out += 1;
            *handed_out - 1
        };
        self.until(|requests| requests.len() > index).await[index].clone()
    }

    /// All requests, as soon as they are as described: `until(|all| all[0].gone)`.
    ///
    /// # Panics
    /// When they are not within 30 seconds.
    pub async fn until(&self, mut hold: impl FnMut(&[Recorded]) -> bool) -> Vec<Recorded> {
        let mut requests = self.shared.requests.subscribe();
        let reached = requests.wait_for(|all| hold(all));
        let reached = tokio::time::timeout(BOUND, reached)
            .await
            .map(|all| all.map(|all| all.clone()));
        match reached {
            Ok(Ok(all)) => all,
            _ => panic!(
                "not within {BOUND:?}; requests so far: {:#?}",
                self.requests()
            ),
        }
    }
}

impl Shared {
    /// Its index, to mark it later.
    fn record(&self, request: Recorded) -> usize {
        let mut index = 0;
        self.requests.send_modify(|all| {
            index = all.len();
            all.push(request);
        });
        index
    }

    /// Which request of the same prompt this is, counted from 1.
    fn nth(&self, index: usize) -> usize {
        let all = self.requests.borrow();
        all[..=index]
            .iter()
            .filter(|request| request.prompt == all[index].prompt)
            .count()
    }

    fn hung_up(&self, index: usize) {
        self.requests.send_modify(|all| all[index].gone = true);
    }
}

async fn messages(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    let Ok(body) = serde_json::from_slice::<Value>(&body) else {
        return error(StatusCode::BAD_REQUEST, "invalid_request_error", "not JSON");
    };
    let index = shared.record(Recorded::new(&headers, &body));
    answer::answer(shared, index, &body)
}

async fn count_tokens() -> Json<Value> {
    Json(json!({"input_tokens": 10}))
}

async fn not_found(uri: Uri) -> Response {
    error(
        StatusCode::NOT_FOUND,
        "not_found_error",
        &format!("no such path: {uri}"),
    )
}

fn error(status: StatusCode, kind: &str, message: &str) -> Response {
    let body = json!({"type": "error", "error": {"type": kind, "message": message}});
    (status, Json(body)).into_response()
}

#[cfg(test)]
mod tests;
