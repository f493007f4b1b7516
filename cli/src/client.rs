//! The API's client: submits and cancels.

use anyhow::{Context as _, bail};
use reqwest::{Client, Response, Url};
use serde::Deserialize;
use serde_json::{Value, json};

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
}

impl Api {
    pub(crate) fn new(url: Url) -> anyhow::Result<Self> {
        let http = Client::builder()
            .timeout(std::time::Duration::from_secs(30))
            .build()?;
        Ok(Self { http, url })
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
        let request = self
            .http
            .post(self.url.join("/api/v1/claude/execute")?)
            .json(&body);
        let response = request.send().await.with_context(|| {
            format!(
                "no answer from {}; is it running? `longshore dev` starts one here",
                self.url
            )
        })?;
        Ok(answer(response).await?.json().await?)
    }

    pub(crate) async fn cancel(&self, execution: &str) -> anyhow::Result<()> {
        let url = self
            .url
            .join(&format!("/api/v1/claude/executions/{execution}/cancel"))?;
        answer(self.http.post(url).send().await?).await?;
        Ok(())
    }

    /// Where the execution's events are, after the given one.
    pub(crate) fn socket(&self, execution: &str, after: Option<&str>) -> anyhow::Result<Url> {
        let mut url = self.url.join(&format!("/ws/executions/{execution}"))?;
        if let Some(after) = after {
            url.query_pairs_mut().append_pair("after", after);
        }
        if url.set_scheme("ws").is_err() {
            bail!("{url} cannot be a WebSocket address");
        }
        Ok(url)
    }
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
