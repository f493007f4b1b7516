//! A client of one API.

use std::time::Duration;

use futures_util::StreamExt as _;
use reqwest::header::HeaderMap;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::process::PATIENCE;
use crate::watcher::Watched;

/// An answer, read whole.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Value,
}

impl Answer {
    /// Reads a response whole.
    ///
    /// # Panics
    /// When it breaks off.
    pub async fn read(response: reqwest::Response) -> Self {
        let (status, headers) = (response.status(), response.headers().clone());
        let text = response.text().await.expect("the answer is whole");
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Self {
            status,
            headers,
            body,
        }
    }

    /// The `code` of an error.
    #[must_use]
    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }
}

/// An open socket.
pub type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// What makes HTTP clients.
pub fn http() -> reqwest::ClientBuilder {
    // The first call of a process chooses; without a choice no client can be made.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
}

/// Speaks to one API.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    url: String,
    token: Option<String>,
}

impl Client {
    #[must_use]
    pub fn new(url: &str) -> Self {
        let http = http().timeout(PATIENCE).build().expect("a client");
        Self {
            http,
            url: url.to_owned(),
            token: None,
        }
    }

    /// A client of the same API that shows a token with every request.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        Self {
            token: Some(token.to_owned()),
            ..self.clone()
        }
    }

    /// The server's port.
    ///
    /// # Panics
    /// When its address names none.
    #[must_use]
    pub fn port(&self) -> u16 {
        let url: reqwest::Url = self.url.parse().expect("an address");
        url.port_or_known_default().expect("a port")
    }

    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Waits until the API is ready.
    ///
    /// # Panics
    /// When it is not in time.
    pub async fn ready(&self) {
        let ready = async {
            while self.get("/readyz").await.status != StatusCode::OK {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        timeout(PATIENCE, ready)
            .await
            .expect("the API is ready in time");
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    /// `POST` with a JSON body.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request(Method::POST, path).json(body)).await
    }

    /// `POST /execute` under an Idempotency-Key.
    pub async fn execute_once(&self, key: &str, body: &Value) -> Answer {
        let request = self.request(Method::POST, "/api/v1/claude/execute");
        self.send(request.header("idempotency-key", key).json(body))
            .await
    }

    /// As [`Self::execute_once`]; `None` where nobody answers.
    pub async fn try_execute_once(&self, key: &str, body: &Value) -> Option<Answer> {
        let request = self.request(Method::POST, "/api/v1/claude/execute");
        let request = request.header("idempotency-key", key).json(body);
        let response = request.send().await.ok()?;
        Some(Answer::read(response).await)
    }

    /// `POST` without a body; `None` where nobody answers.
    pub async fn try_post(&self, path: &str) -> Option<StatusCode> {
        let response = self.request(Method::POST, path).send().await.ok()?;
        Some(response.status())
    }

    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.url));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    pub async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        Answer::read(request.send().await.expect("the API answers")).await
    }

    /// `POST /execute` that must be accepted; the execution's and the session's ids.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn execute(&self, body: &Value) -> (String, String) {
        let answer = self.post("/api/v1/claude/execute", body).await;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{:?}", answer.body);
        let id = |name: &str| answer.body[name].as_str().expect("an id").to_owned();
        (id("execution_id"), id("session_id"))
    }

    /// Submits a prompt to the workspace `demo`.
    pub async fn submit(&self, prompt: &str) -> (String, String) {
        self.execute(&json!({ "workspace_id": "demo", "prompt": prompt }))
            .await
    }

    /// Submits a prompt and watches it to its end.
    pub async fn run(&self, prompt: &str) -> Watched {
        let (execution, _) = self.submit(prompt).await;
        self.watch(&execution).await
    }

    /// Watches from the first event to the end.
    pub async fn watch(&self, execution: &str) -> Watched {
        self.watch_after(execution, None).await
    }

    /// Watches from after an event to the end.
    pub async fn watch_after(&self, execution: &str, after: Option<&str>) -> Watched {
        Watched::to_end(self.socket(execution, after).await, after).await
    }

    /// The record.
    pub async fn execution(&self, execution: &str) -> Value {
        let answer = self
            .get(&format!("/api/v1/claude/executions/{execution}"))
            .await;
        assert_eq!(answer.status, StatusCode::OK, "{:?}", answer.body);
        answer.body
    }

    pub async fn cancel(&self, execution: &str) -> Answer {
        self.send(self.request(
            Method::POST,
            &format!("/api/v1/claude/executions/{execution}/cancel"),
        ))
        .await
    }

    /// An open socket of an execution.
    ///
    /// # Panics
    /// When the upgrade is refused.
    pub async fn socket(&self, execution: &str, after: Option<&str>) -> Socket {
        let query = after
            .map(|after| format!("?after={after}"))
            .unwrap_or_default();
        self.connect(&format!("/ws/executions/{execution}{query}"), &[])
            .await
            .unwrap_or_else(|refusal| {
                panic!("the upgrade is refused: {refusal:?}");
            })
    }

    /// An open socket of an execution; `None` where there is none to be had now.
    pub async fn try_socket(&self, execution: &str, after: Option<&str>) -> Option<Socket> {
        let query = after
            .map(|after| format!("?after={after}"))
            .unwrap_or_default();
        let url = self.url.trim_start_matches("http");
        let address = format!("ws{url}/ws/executions/{execution}{query}");
        let connecting = timeout(PATIENCE, connect_async(address));
        let (socket, _) = connecting.await.ok()?.ok()?;
        Some(socket)
    }

    /// Asks for an upgrade; the refusal where there is one.
    ///
    /// # Errors
    /// The answer that is no upgrade.
    pub async fn connect(&self, path: &str, headers: &[(&str, &str)]) -> Result<Socket, Answer> {
        let (socket, _) = self.upgrade(path, headers).await?;
        Ok(socket)
    }

    /// As [`Self::connect`], with the headers of the upgrade.
    ///
    /// # Errors
    /// The answer that is no upgrade.
    pub async fn upgrade(
        &self,
        path: &str,
        headers: &[(&str, &str)],
    ) -> Result<(Socket, HeaderMap), Answer> {
        let mut request = format!("ws{}{path}", self.url.trim_start_matches("http"))
            .into_client_request()
            .expect("the address is one");
        let token = self.token.as_ref().map(|token| format!("Bearer {token}"));
        let authorization = token.iter().map(|token| ("authorization", token.as_str()));
        for (name, value) in authorization.chain(headers.iter().copied()) {
            let name: HeaderName = name.parse().expect("a header's name");
            request.headers_mut().insert(
                name,
                HeaderValue::from_str(value).expect("a header's value"),
            );
        }
        match timeout(PATIENCE, connect_async(request))
            .await
            .expect("the API answers in time")
        {
            Ok((socket, response)) => Ok((socket, response.into_parts().0.headers)),
            Err(Error::Http(response)) => {
                let (parts, body) = response.into_parts();
                let body = body
                    .and_then(|body| serde_json::from_slice(&body).ok())
                    .unwrap_or_default();
                Err(Answer {
                    status: parts.status,
                    headers: parts.headers,
                    body,
                })
            }
            Err(error) => panic!("no answer to the upgrade: {error}"),
        }
    }
}

/// The next text frame, or the close code.
///
/// # Panics
/// When nothing comes in time, or something that is neither.
pub async fn next_frame(socket: &mut Socket) -> Result<Value, u16> {
    loop {
        let message = timeout(PATIENCE, socket.next())
            .await
            .expect("a frame comes in time");
        match message {
            Some(Ok(Message::Text(text))) => {
                return Ok(serde_json::from_str(&text).expect("a frame is JSON"));
            }
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
            Some(Ok(Message::Close(frame))) => {
                return Err(frame.map_or(1005, |frame| frame.code.into()));
            }
            other => panic!("no frame and no close: {other:?}"),
        }
    }
}
