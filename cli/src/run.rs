//! `longshore run`: submits a prompt and follows it to its end.

use std::process::ExitCode;

use serde_json::{Value, json};

use crate::args::RunArgs;
use crate::client::Api;
use crate::screen::Screen;
use crate::{follow, prompt};

/// Runs to the end, or leaves the execution to itself where that is asked for.
///
/// # Errors
/// When there is nothing to ask, when the API refuses it, or when its stream is lost for good.
pub async fn run(args: RunArgs) -> anyhow::Result<ExitCode> {
    let api = Api::new(&args.server)?;
    let prompt = prompt::read(&args)?;
    if args.detach {
        let accepted = api.execute(&request(&args, &prompt, false)).await?;
        let id = accepted["execution_id"].as_str().unwrap_or_default();
        println!(
            "{}",
            if args.json {
                accepted.to_string()
            } else {
                id.to_owned()
            }
        );
        return Ok(ExitCode::SUCCESS);
    }
    let mut screen = Screen::new(args.json);
    let accepted = api
        .execute(&request(&args, &prompt, screen.is_live()))
        .await?;
    let id = |name: &str| accepted[name].as_str().unwrap_or_default().to_owned();
    let execution = id("execution_id");
    screen.note(&format!(
        "execution {execution} · session {}",
        id("session_id")
    ));
    follow::own(&api, &execution, &mut screen).await
}

fn request(args: &RunArgs, prompt: &str, stream: bool) -> Value {
    let mut body = json!({
        "workspace_id": args.workspace,
        "prompt": prompt,
        "session_id": args.session,
        "model": args.model,
        "max_turns": args.max_turns,
        "max_budget_usd": args.max_budget,
        "timeout_seconds": args.timeout,
        "stream": stream,
    });
    if !args.tools.is_empty() {
        body["tools"] = json!(args.tools);
    }
    body
}
