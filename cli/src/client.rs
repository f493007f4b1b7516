//! The API's client: submits and cancels.

use anyhow::{Context as _, bail};
use longshore_api::config::secret::Secret;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::{Client, Response, StatusCode, Url};
use serde::Deserialize;
use serde_json::Value;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::Request;

use crate::args::ServerArgs;

/// What the API answers to an accepted execution.
#[derive(Debug, Deserialize)]
pub(crate) struct Accepted {
    pub(crate) execution_id: String,
    pub(crate) session_id: String,
}

pub(crate) struct Api {
    http: Client,
    url: Url,
    /// What says who calls, on every request.
    headers: HeaderMap,
}

impl Api {
    pub(crate) fn new(server: &ServerArgs) -> anyhow::Result<Self> {
        let token = server.token.as_ref();
        let headers = token.map(authorization).transpose()?.unwrap_or_default();
        let http = Client::builder()
            .timeout(std::time::Duration::from_secs(30))
            .default_headers(headers.clone())
            .build()?;
        let url = server.url.clone();
        Ok(Self { http, url, headers })
    }

    pub(crate) async fn execute(&self, body: &Value) -> anyhow::Result<Accepted> {
        let url = self.address("api/v1/claude/execute");
        let request = self.http.post(url).json(body);
        let response = request.send().await.with_context(|| {
            format!(
                "no answer from {}; is it running? `longshore dev` starts one here",
                self.url
            )
        })?;
        Ok(answer(response).await?.json().await?)
    }

    pub(crate) async fn cancel(&self, execution: &str) -> anyhow::Result<()> {
        let url = self.address(&format!("api/v1/claude/executions/{execution}/cancel"));
        answer(self.http.post(url).send().await?).await?;
        Ok(())
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
        if url.set_scheme("ws").is_err() {
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
    Said { code: String, message: String },
    #[error("the server answered {0}; is this the address of a Longshore API?")]
    Odd(StatusCode),
}

impl Refusal {
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
            code: code.to_owned(),
            message: message.to_owned(),
        },
        _ => Refusal::Odd(status),
    })
}
