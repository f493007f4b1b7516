//! The API's client.

use anyhow::{Context as _, bail};
use longshore_api::config::secret::Secret;
use longshore_shared::tls;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::{Client, RequestBuilder, Response, StatusCode, Url};
use serde_json::Value;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::Request;

use crate::args::ServerArgs;

pub(crate) struct Api {
    http: Client,
    url: Url,
    /// What says who calls, on every request.
    headers: HeaderMap,
}

impl Api {
    pub(crate) fn new(server: &ServerArgs) -> anyhow::Result<Self> {
        tls::choose();
        let token = server.token.as_ref();
        let headers = token.map(authorization).transpose()?.unwrap_or_default();
        let http = Client::builder()
            .timeout(std::time::Duration::from_secs(30))
            .default_headers(headers.clone())
            .build()?;
        let url = server.url.clone();
        Ok(Self { http, url, headers })
    }

    pub(crate) async fn execute(&self, body: &Value) -> anyhow::Result<Value> {
        let request = self.http.post(self.own("execute")).json(body);
        Ok(self.send(request).await?.json().await?)
    }

    /// Cancels an execution; answers its record, or nothing where the answer holds none.
    pub(crate) async fn cancel(&self, execution: &str) -> anyhow::Result<Value> {
        let url = self.own(&format!("executions/{execution}/cancel"));
        let response = self.send(self.http.post(url)).await?;
        Ok(response.json().await.unwrap_or_default())
    }

    /// Reads something, by what is given of the parameters.
    pub(crate) async fn get(
        &self,
        path: &str,
        query: &[(&str, Option<String>)],
    ) -> anyhow::Result<Value> {
        let mut url = self.own(path);
        for (name, value) in query {
            if let Some(value) = value {
                url.query_pairs_mut().append_pair(name, value);
            }
        }
        Ok(self.send(self.http.get(url)).await?.json().await?)
    }

    pub(crate) async fn delete(&self, path: &str) -> anyhow::Result<()> {
        self.send(self.http.delete(self.own(path))).await?;
        Ok(())
    }

    async fn send(&self, request: RequestBuilder) -> anyhow::Result<Response> {
        let response = request.send().await.with_context(|| {
            format!(
                "no answer from {}; is it running? `longshore dev` starts one here",
                self.url
            )
        })?;
        Ok(answer(response).await?)
    }

    /// That path of the API proper.
    fn own(&self, path: &str) -> Url {
        self.address(&format!("api/v1/claude/{path}"))
    }

    /// What asks for the execution's events, after the given one.
    pub(crate) fn socket(
        &self,
        execution: &str,
        after: Option<&str>,
    ) -> anyhow::Result<Request<()>> {
        let mut url = self.address(&format!("ws/executions/{execution}"));
        if let Some(after) = after {
            url.query_pairs_mut().append_pair("after", after);
        }
        let scheme = if url.scheme() == "https" { "wss" } else { "ws" };
        if url.set_scheme(scheme).is_err() {
            bail!("{url} cannot be a WebSocket address");
        }
        let mut request = url.as_str().into_client_request()?;
        request.headers_mut().extend(self.headers.clone());
        Ok(request)
    }

    /// That path of the API, behind the path that the API itself may have.
    fn address(&self, path: &str) -> Url {
        let mut url = self.url.clone();
        let own = url.path().trim_end_matches('/');
        url.set_path(&format!("{own}/{path}"));
        url
    }
}

fn authorization(token: &Secret) -> anyhow::Result<HeaderMap> {
    let mut value = HeaderValue::from_str(&format!("Bearer {}", token.expose().trim()))
        .context("--token: it holds something that no token may hold")?;
    value.set_sensitive(true);
    Ok(HeaderMap::from_iter([(AUTHORIZATION, value)]))
}

/// What a server says against a request.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("{message} ({code})")]
    Said {
        status: StatusCode,
        code: String,
        message: String,
    },
    #[error("the server answered {0}; is this the address of a Longshore API?")]
    Odd(StatusCode),
}

impl Refusal {
    /// What can be done about it, in a line.
    pub(crate) fn advice(&self) -> Option<&'static str> {
        let Self::Said { code, .. } = self else {
            return None;
        };
        Some(match code.as_str() {
            "UNAUTHORIZED" => {
                "`longshore token` makes a token where you have the API's key; --token or LONGSHORE_TOKEN shows it."
            }
            "FORBIDDEN" => "Ask for a token with that scope, or for that workspace.",
            "EXECUTION_NOT_FOUND" => "`longshore executions` lists those that are kept.",
            "SESSION_NOT_FOUND" => "`longshore sessions` lists those that are kept.",
            "SESSION_CLOSED" => "Without --session a new session begins.",
            "QUEUE_FULL" => "Try again later; `longshore workers` shows who works on it.",
            "RATE_LIMITED" => "Try again in a minute.",
            _ => return None,
        })
    }

    /// Whether the same may be taken later.
    pub(crate) fn is_temporary(&self) -> bool {
        match self {
            Self::Said { status, .. } | Self::Odd(status) => {
                status.is_server_error() || *status == StatusCode::TOO_MANY_REQUESTS
            }
        }
    }

    /// One word for all of its kind.
    pub(crate) fn kind(&self) -> String {
        match self {
            Self::Said { code, .. } => code.clone(),
            Self::Odd(status) => status.as_u16().to_string(),
        }
    }
}

/// The response, or what the API says against it.
async fn answer(response: Response) -> Result<Response, Refusal> {
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let body: Value = response.json().await.unwrap_or_default();
    Err(match (body["code"].as_str(), body["message"].as_str()) {
        (Some(code), Some(message)) => Refusal::Said {
            status,
            code: code.to_owned(),
            message: message.to_owned(),
        },
        _ => Refusal::Odd(status),
    })
}
