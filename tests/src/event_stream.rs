//! A client of server-sent events, as a browser reads them.

use std::collections::VecDeque;

use reqwest::{Method, StatusCode};
use serde_json::Value;
use tokio::time::timeout;

use crate::client::{Answer, Client};
use crate::process::PATIENCE;

/// What a stream holds between two empty lines.
#[derive(Debug, Clone, PartialEq)]
pub enum Block {
    Comment(String),
    Event(Event),
}

/// One event.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    pub event: String,
    pub id: Option<String>,
    pub data: Value,
}

/// An open stream.
pub struct EventStream {
    response: reqwest::Response,
    text: Vec<u8>,
    blocks: VecDeque<Block>,
}

impl Client {
    /// Opens the stream of an execution's events, going on after an id where there is one.
    ///
    /// # Errors
    /// The answer that is no stream.
    pub async fn event_stream(
        &self,
        execution: &str,
        last_event_id: Option<&str>,
    ) -> Result<EventStream, Answer> {
        let path = format!("/api/v1/claude/executions/{execution}/events");
        self.event_stream_at(&path, last_event_id).await
    }

    /// The same with a path of the caller's.
    ///
    /// # Errors
    /// The answer that is no stream.
    pub async fn event_stream_at(
        &self,
        path: &str,
        last_event_id: Option<&str>,
    ) -> Result<EventStream, Answer> {
        let mut request = self
            .request(Method::GET, path)
            .header("accept", "text/event-stream");
        if let Some(id) = last_event_id {
            request = request.header("last-event-id", id);
        }
        let response = request.send().await.expect("the API answers");
        if response.status() != StatusCode::OK {
            return Err(Answer::read(response).await);
        }
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Ok(EventStream {
            response,
            text: Vec::new(),
            blocks: VecDeque::new(),
        })
    }
}

impl EventStream {
    /// The next block; `None` after the last.
    ///
    /// # Panics
    /// When nothing comes in time, or what comes is no stream of events.
    pub async fn next(&mut self) -> Option<Block> {
        while self.blocks.is_empty() {
            let piece = timeout(PATIENCE, self.response.chunk())
                .await
                .expect("something comes in time")
                .expect("the stream is whole");
            let Some(piece) = piece else {
                assert!(self.text.is_empty(), "cut within an event");
                return None;
            };
            self.text.extend_from_slice(&piece);
            while let Some(end) = self.text.windows(2).position(|pair| pair == b"\n\n") {
                let block: Vec<u8> = self.text.drain(..end + 2).collect();
                self.blocks.push_back(parse(&block[..end]));
            }
        }
        self.blocks.pop_front()
    }

    /// The next event, past comments; `None` after the last.
    pub async fn next_event(&mut self) -> Option<Event> {
        loop {
            match self.next().await? {
                Block::Event(event) => return Some(event),
                Block::Comment(_) => {}
            }
        }
    }

    /// All events to the stream's end.
    pub async fn to_end(mut self) -> Vec<Event> {
        let mut events = Vec::new();
        while let Some(event) = self.next_event().await {
            events.push(event);
        }
        events
    }
}

fn parse(block: &[u8]) -> Block {
    let text = std::str::from_utf8(block).expect("a stream is UTF-8");
    if let Some(comment) = text.strip_prefix(':') {
        return Block::Comment(comment.trim_start().to_owned());
    }
    let field = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        line.map(|value| value.trim_start_matches(": ").to_owned())
    };
    Block::Event(Event {
        event: field("event").expect("an event has a type"),
        id: field("id"),
        data: serde_json::from_str(&field("data").expect("an event has data"))
            .expect("the data is JSON"),
    })
}
