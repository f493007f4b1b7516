//! The API's client: submits and cancels.

use anyhow::{Context as _, bail};
use longshore_api::config::secret::Secret;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::{Client, Response, Url};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::Request;

use crate::args::RunArgs;

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
    pub(crate) fn new(url: Url, token: Option<&Secret>) -> anyhow::Result<Self> {
        let headers = token.map(authorization).transpose()?.unwrap_or_default();
        let http = Client::builder()
            .timeout(std::time::Duration::from_secs(30))
            .default_headers(headers.clone())
            .build()?;
        Ok(Self { http, url, headers })
    }

    pub(crate) async fn execute(&self, args: &RunArgs, stream: bool) -> anyhow::Result<Accepted> {
        let mut body = json!({
            "workspace_id": args.workspace,
            "prompt": args.prompt,
            "session_id": args.session,
            "model": args.model,
            "max_turns": args.max_turns,
            "timeout_seconds": args.timeout,
            "stream": stream,
        });
        if !args.tools.is_empty() {
            body["tools"] = json!(args.tools);
        }
        let url = self.address("api/v1/claude/execute");
        let request = self.http.post(url).json(&body);
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

/// The response, or what the API says against it.
async fn answer(response: Response) -> anyhow::Result<Response> {
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let body: Value = response.json().await.unwrap_or_default();
    match (body["code"].as_str(), body["message"].as_str()) {
        (Some(code), Some(message)) => bail!("{message} ({code})"),
        _ => bail!("the server answered {status}; is this the address of a Longshore API?"),
    }
}
