//! The worker: runs the CLI for each job, and writes every read of its output to Redis in one pipeline.

use std::path::PathBuf;
use std::process::Stdio;

use anyhow::Context as _;
use futures_util::StreamExt as _;
use jiff::Timestamp;
use lapin::message::Delivery;
use lapin::options::{BasicAckOptions, BasicConsumeOptions, BasicQosOptions};
use lapin::types::FieldTable;
use redis::aio::MultiplexedConnection;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, ChildStdout, Command};
use uuid::Uuid;

use crate::engines::Engines;
use crate::stream;

/// What is read at once: as much as a pipe holds.
const READ: usize = 64 << 10;

/// Takes jobs until the connection is lost.
///
/// # Errors
/// When an engine cannot be reached.
pub async fn run(engines: Engines, claude: PathBuf, slots: u16) -> anyhow::Result<()> {
    let connection = engines.amqp().await?;
    let channel = connection.create_channel().await?;
    engines.declare(&channel).await?;
    channel.basic_qos(slots, BasicQosOptions::default()).await?;
    let (queue, redis) = (engines.queue(), engines.redis().await?);
    let (options, none) = (BasicConsumeOptions::default(), FieldTable::default());
    let mut deliveries = channel
        .basic_consume(queue.as_str().into(), "".into(), options, none)
        .await?;
    println!(r#"{{"message":"taking jobs"}}"#);
    while let Some(delivery) = deliveries.next().await {
        let (delivery, claude) = (delivery?, claude.clone());
        let (engines, redis) = (engines.clone(), redis.clone());
        tokio::spawn(async move {
            if let Err(error) = handle(&engines, redis, claude, delivery).await {
                eprintln!("{error:#}");
            }
        });
    }
    Ok(())
}

async fn handle(
    engines: &Engines,
    redis: MultiplexedConnection,
    claude: PathBuf,
    delivery: Delivery,
) -> anyhow::Result<()> {
    let (id, request) = delivery.data.split_at_checked(16).context("no id")?;
    let execution = Uuid::from_slice(id)?;
    let request: Value = serde_json::from_slice(request)?;
    let mut child = Command::new(claude)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let mut events = Events {
        log: engines.log(execution),
        channel: engines.channel(execution),
        redis,
        execution,
        last: 0,
    };
    let messages = pass_on(&mut child, &request, &mut events).await?;
    child.wait().await?;
    let end = json!({ "status": "completed", "result": null, "error": null, "messages": messages });
    events.write("end", &[&end.to_string()]).await?;
    delivery.ack(BasicAckOptions::default()).await?;
    Ok(())
}

/// From the prompt to the result; then its stdin is closed.
async fn pass_on(child: &mut Child, request: &Value, events: &mut Events) -> anyhow::Result<u64> {
    let mut stdin = child.stdin.take().context("it has one")?;
    let content = json!([{ "type": "text", "text": request["prompt"] }]);
    let prompt = json!({ "type": "user", "message": { "role": "user", "content": content } });
    stdin.write_all(format!("{prompt}\n").as_bytes()).await?;
    let mut stdin = Some(stdin);
    let mut stdout: ChildStdout = child.stdout.take().context("it has one")?;
    let mut buffer = Vec::with_capacity(READ);
    while stdout.read_buf(&mut buffer).await? > 0 {
        let Some(end) = memchr::memrchr(b'\n', &buffer) else {
            continue;
        };
        let lines: Vec<&str> = std::str::from_utf8(&buffer[..end])?.split('\n').collect();
        if lines
            .iter()
            .any(|line| line.starts_with(r#"{"type":"result""#))
        {
            stdin = None;
        }
        events.write("claude_message", &lines).await?;
        buffer.drain(..=end);
    }
    drop(stdin);
    Ok(events.last)
}

struct Events {
    log: String,
    channel: String,
    redis: MultiplexedConnection,
    execution: Uuid,
    last: u64,
}

impl Events {
    async fn write(&mut self, kind: &str, lines: &[&str]) -> anyhow::Result<()> {
        let at = format!("{:.3}", Timestamp::now());
        let (mut pipe, mut published) = (redis::pipe(), String::new());
        for line in lines {
            self.last += 1;
            let frame = stream::frame(kind, self.execution, self.last, &at, line);
            let id = format!("1-{}", self.last);
            pipe.cmd("XADD")
                .arg(&self.log)
                .arg(&id)
                .arg("f")
                .arg(&frame)
                .ignore();
            stream::add(&mut published, self.last, &frame);
        }
        pipe.publish(&self.channel, published).ignore();
        let () = pipe.query_async(&mut self.redis).await?;
        Ok(())
    }
}
