//! A stand-in for the API, of which a test decides what it answers and when.

use std::collections::HashMap;
use std::net::SocketAddr;

use axum::extract::ws::{CloseFrame, Message, WebSocket};
use axum::extract::{Query, State, WebSocketUpgrade};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use nix::sys::signal::Signal;
use serde_json::{Value, json};
use tests::process::{PATIENCE, Process};
use tests::services::program;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio::task::AbortHandle;
use tokio::time::timeout;

const EXECUTION: &str = "0199a2f0-0000-7000-8000-000000000001";

/// What the command asked for, and waits for.
enum Asked {
    Cancel(oneshot::Sender<StatusCode>),
    Watch(Box<WebSocket>, Option<String>),
}

type Questions = mpsc::UnboundedSender<Asked>;

/// Accepts every execution; what else it is asked, the test answers.
pub(super) struct StandIn {
    address: SocketAddr,
    questions: mpsc::UnboundedReceiver<Asked>,
    serving: AbortHandle,
}

impl StandIn {
    /// Serves under that prefix, such as `/tools/longshore`; an empty one is none.
    pub(super) async fn start(prefix: &str) -> Self {
        let (ask, questions) = mpsc::unbounded_channel();
        let api = Router::new()
            .route("/api/v1/claude/execute", post(accept))
            .route("/api/v1/claude/executions/{id}/cancel", post(cancel))
            .route("/ws/executions/{id}", get(watch))
            .with_state(ask);
        let router = match prefix {
            "" => api,
            prefix => Router::new().nest(prefix, api),
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving = tokio::spawn(axum::serve(listener, router).into_future());
        Self {
            address,
            questions,
            serving: serving.abort_handle(),
        }
    }

    /// `longshore run` against it, at that path of its address.
    pub(super) fn run(&self, path: &str) -> Process {
        let url = format!("http://{}{path}", self.address);
        let args = ["run", "--url", &url, "x"].map(str::to_owned);
        Process::start("longshore run", &program("longshore"), &args, &[])
    }

    /// `longshore load` against it, of one execution.
    pub(super) fn load(&self) -> Process {
        let url = format!("http://{}", self.address);
        let args = ["load", "--url", &url, "-n", "1", "--json"].map(str::to_owned);
        Process::start("longshore load", &program("longshore"), &args, &[])
    }

    /// The next socket, and the id to go on after.
    pub(super) async fn socket(&mut self) -> (Watched, Option<String>) {
        match self.asked().await {
            Asked::Watch(socket, after) => (Watched(socket), after),
            Asked::Cancel(_) => panic!("a cancel instead of a socket"),
        }
    }

    /// The first socket of the command, which has shown a message of it: it is open at both ends.
    pub(super) async fn watched(&mut self, run: &Process) -> Watched {
        let (mut socket, _) = self.socket().await;
        socket.say("1-1", "at_work").await;
        run.word_after("at_work").await;
        socket
    }

    /// Interrupts the command, which asks to cancel: the answer that it waits for.
    pub(super) async fn interrupt(&mut self, run: &Process) -> oneshot::Sender<StatusCode> {
        run.signal(Signal::SIGINT);
        match self.asked().await {
            Asked::Cancel(answer) => answer,
            Asked::Watch(..) => panic!("a socket instead of a cancel"),
        }
    }

    /// Whether everything that was asked is answered.
    pub(super) fn is_quiet(&self) -> bool {
        self.questions.is_empty()
    }

    async fn asked(&mut self) -> Asked {
        let asked = timeout(PATIENCE, self.questions.recv()).await;
        asked.expect("it asks in time").expect("it serves")
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// A socket of the command.
pub(super) struct Watched(Box<WebSocket>);

impl Watched {
    /// Sends a frame.
    pub(super) async fn send(&mut self, kind: &str, id: Option<&str>, data: Value) {
        let mut frame = json!({
            "type": kind, "execution_id": EXECUTION, "timestamp": "2026-01-01T00:00:00.000Z", "data": data,
        });
        if let Some(id) = id {
            frame["id"] = json!(id);
        }
        let text = Message::text(frame.to_string());
        self.0.send(text).await.unwrap();
    }

    /// Sends a message of the model, a word.
    pub(super) async fn say(&mut self, id: &str, word: &str) {
        let message = json!({ "content": [{ "type": "text", "text": word }] });
        let line = json!({ "type": "assistant", "message": message });
        self.send("claude_message", Some(id), line).await;
    }

    /// Sends the `end`.
    pub(super) async fn end(&mut self, status: &str) {
        let data = json!({ "status": status, "result": null, "error": null, "messages": 0 });
        self.send("end", Some("1-9"), data).await;
    }

    pub(super) async fn close(mut self, code: u16, reason: &str) {
        let frame = CloseFrame {
            code,
            reason: reason.into(),
        };
        self.0.send(Message::Close(Some(frame))).await.unwrap();
    }
}

async fn accept() -> impl IntoResponse {
    let ids = json!({ "execution_id": EXECUTION, "session_id": EXECUTION });
    (StatusCode::ACCEPTED, Json(ids))
}

async fn cancel(State(ask): State<Questions>) -> (StatusCode, Json<Value>) {
    let (answer, answered) = oneshot::channel();
    let _ = ask.send(Asked::Cancel(answer));
    let status = answered.await.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let body = json!({ "code": "STORE_UNAVAILABLE", "message": "the store does not answer" });
    (status, Json(body))
}

async fn watch(
    State(ask): State<Questions>,
    Query(mut query): Query<HashMap<String, String>>,
    upgrade: WebSocketUpgrade,
) -> Response {
    let after = query.remove("after");
    upgrade.on_upgrade(async move |socket| {
        let _ = ask.send(Asked::Watch(Box::new(socket), after));
    })
}
