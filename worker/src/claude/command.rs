//! The CLI's command line and the one line it is given on stdin.

use std::ffi::OsString;
use std::io;
use std::path::Path;

use longshore_shared::job::Job;
use serde_json::json;
use tokio::fs::OpenOptions;
use tokio::io::AsyncWriteExt;

use super::{RunFolder, Spec};

/// Always the same. Without `--setting-sources=user --strict-mcp-config` a repository's own settings would run its
/// hooks and servers and could redirect the API with its key. `Cron*` would start turns by itself.
const ALWAYS: [&str; 8] = [
    "-p",
    "--output-format=stream-json",
    "--input-format=stream-json",
    "--verbose",
    "--setting-sources=user",
    "--strict-mcp-config",
    "--disable-slash-commands",
    "--disallowedTools=CronCreate,CronDelete,CronList",
];

/// The arguments. All as `--flag=value`: several flags take any number of values and would swallow what follows.
pub(super) async fn arguments(spec: &Spec<'_>) -> io::Result<Vec<OsString>> {
    let request = &spec.job.request;
    let mut arguments: Vec<OsString> = ALWAYS.map(OsString::from).into();
    let mut add = |flag: &str, value: &dyn std::fmt::Display| {
        arguments.push(format!("--{flag}={value}").into());
    };
    add("permission-mode", &spec.settings.permission_mode.as_str());
    // On a resume without it the CLI takes the recorded model, with a smaller context.
    if let Some(model) = request.model.as_ref().or(spec.settings.model.as_ref()) {
        add("model", model);
    }
    if let Some(turns) = request.max_turns {
        add("max-turns", &turns);
    }
    if let Some(budget) = request.max_budget_usd {
        add("max-budget-usd", &budget);
    }
    let tools = request
        .tools
        .as_ref()
        .unwrap_or(&spec.settings.default_tools.0);
    if !tools.is_empty() {
        add("allowedTools", &tools.join(","));
    }
    if request.stream {
        arguments.push("--include-partial-messages".into());
    }
    arguments.extend(system_prompts(spec.job, spec.folder).await?);
    arguments.push(match spec.resume {
        Some(resume) => with_path("resume", &resume.transcript),
        None => format!("--session-id={}", spec.job.session_id).into(),
    });
    Ok(arguments)
}

/// As files, for one argument may not be longer than 128 KiB.
async fn system_prompts(job: &Job, folder: &RunFolder) -> io::Result<Vec<OsString>> {
    let prompts = [
        ("system-prompt", &job.request.system_prompt),
        ("append-system-prompt", &job.request.append_system_prompt),
    ];
    let mut arguments = Vec::new();
    for (name, prompt) in prompts {
        let Some(prompt) = prompt else { continue };
        let path = folder.path().join(name);
        let mut options = OpenOptions::new();
        let mut file = options
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .await?;
        file.write_all(prompt.as_bytes()).await?;
        file.flush().await?;
        arguments.push(with_path(&format!("{name}-file"), &path));
    }
    Ok(arguments)
}

fn with_path(flag: &str, path: &Path) -> OsString {
    let mut argument = OsString::from(format!("--{flag}="));
    argument.push(path);
    argument
}

/// The prompt as a line of stdin. The CLI looks for `/command` and `@file` in the last text block only, and drops an
/// empty one: so the model sees the prompt exactly as it was given. The `uuid` lets the CLI
/// recognise a second delivery.
pub(super) fn user_line(job: &Job) -> Vec<u8> {
    let content = json!([
        { "type": "text", "text": job.request.prompt },
        { "type": "text", "text": "" },
    ]);
    line(&json!({
        "type": "user",
        "message": { "role": "user", "content": content },
        "parent_tool_use_id": null,
        "uuid": job.execution_id,
    }))
}

/// Asks the CLI to end the turn; it answers with a `result`.
pub(super) fn interrupt_line() -> Vec<u8> {
    line(&json!({
        "type": "control_request",
        "request_id": "interrupt",
        "request": { "subtype": "interrupt" },
    }))
}

fn line(value: &serde_json::Value) -> Vec<u8> {
    format!("{value}\n").into_bytes()
}
