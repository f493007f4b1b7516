//! What reaches the process while it plays: user lines, control requests, signals, tools that ended.

use std::collections::VecDeque;
use std::io::BufRead;
use std::process::ExitStatus;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Instant;

use serde_json::Value;

pub(crate) enum Event {
    Prompt(Prompt),
    Control {
        id: String,
        subtype: String,
    },
    /// A line that the real CLI dies of.
    Bad(String),
    Eof,
    Sigint,
    ToolEnded(Option<ExitStatus>),
}

/// One user line.
pub(crate) struct Prompt {
    /// The client's; the same one is never played twice in a session.
    pub(crate) uuid: Option<String>,
    pub(crate) text: String,
    /// As received, for `--replay-user-messages`.
    pub(crate) message: Value,
}

pub(crate) struct Inbox {
    events: Receiver<Event>,
    pub(crate) sender: Sender<Event>,
    pub(crate) queue: VecDeque<Prompt>,
    pub(crate) eof: bool,
}

impl Inbox {
    pub(crate) fn open() -> Self {
        let (sender, events) = channel();
        Self {
            events,
            sender,
            queue: VecDeque::new(),
            eof: false,
        }
    }

    /// Reads stdin in a thread of its own, so that an interrupt is seen in the middle of a turn.
    pub(crate) fn read_stdin(&self) {
        let events = self.sender.clone();
        std::thread::spawn(move || {
            let mut stdin = std::io::stdin().lock();
            let mut line = Vec::new();
            while matches!(stdin.read_until(b'\n', &mut line), Ok(n) if n > 0) {
                if let Some(event) = parse(&line) {
                    let _ = events.send(event);
                }
                line.clear();
            }
            let _ = events.send(Event::Eof);
        });
    }

    /// The next event, or `None` when `until` passes first; without a bound it waits for ever.
    pub(crate) fn next(&self, until: Option<Instant>) -> Option<Event> {
        let Some(until) = until else {
            return self.events.recv().ok();
        };
        self.events
            .recv_timeout(until.saturating_duration_since(Instant::now()))
            .ok()
    }
}

/// Unknown types, `keep_alive` and blank lines are ignored.
fn parse(line: &[u8]) -> Option<Event> {
    let text = String::from_utf8_lossy(line);
    if text.trim().is_empty() {
        return None;
    }
    let Ok(value) = serde_json::from_str::<Value>(&text) else {
        return Some(Event::Bad(
            "Error parsing streaming input line: not JSON".into(),
        ));
    };
    match value["type"].as_str() {
        Some("user") => Some(user(&value)),
        Some("control_request") => Some(Event::Control {
            id: value["request_id"].as_str().unwrap_or_default().to_owned(),
            subtype: value["request"]["subtype"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
        }),
        _ => None,
    }
}

fn user(line: &Value) -> Event {
    let message = &line["message"];
    if message["role"] != "user" {
        return Event::Bad("Error: Expected message role 'user'".into());
    }
    let text = match &message["content"] {
        Value::Array(blocks) => blocks
            .iter()
            .filter_map(|block| block["text"].as_str())
            .collect(),
        content => content.as_str().unwrap_or_default().to_owned(),
    };
    let uuid = line["uuid"].as_str().map(str::to_owned);
    Event::Prompt(Prompt {
        uuid,
        text,
        message: message.clone(),
    })
}
