//! A message as the API streams it: events with the silence before each.

use std::time::Duration;

use axum::body::Bytes;
use serde_json::{Value, json};

/// The events of one message.
pub(super) struct Message {
    pub(super) events: Vec<(Duration, Bytes)>,
    /// Nothing ends it but the client or the double itself.
    pub(super) open_ended: bool,
    blocks: usize,
}

impl Message {
    pub(super) fn start(id: &str, model: &str) -> Self {
        let mut message = Self {
            events: Vec::new(),
            open_ended: false,
            blocks: 0,
        };
        message.event(json!({"type": "message_start", "message": {
            "id": id, "type": "message", "role": "assistant", "model": model, "content": [],
            "stop_reason": null, "stop_sequence": null,
            "usage": {
                "input_tokens": 12, "cache_creation_input_tokens": 0,
                "cache_read_input_tokens": 0, "output_tokens": 1,
            },
        }}));
        message
    }

    fn event(&mut self, event: Value) {
        self.later(Duration::ZERO, event);
    }

    fn later(&mut self, wait: Duration, event: Value) {
        let name = event["type"].as_str().unwrap_or_default();
        let frame = format!("event: {name}\ndata: {event}\n\n");
        self.events.push((wait, frame.into()));
    }

    fn delta(&mut self, wait: Duration, delta: Value) {
        let index = self.blocks;
        self.later(
            wait,
            json!({"type": "content_block_delta", "index": index, "delta": delta}),
        );
    }

    fn open(&mut self, block: Value) {
        let index = self.blocks;
        self.event(json!({"type": "content_block_start", "index": index, "content_block": block}));
    }

    fn close(&mut self) {
        self.event(json!({"type": "content_block_stop", "index": self.blocks}));
        self.blocks += 1;
    }

    /// A text, one delta a word.
    pub(super) fn text<W: AsRef<str>>(
        &mut self,
        words: impl IntoIterator<Item = W>,
        pace: Duration,
    ) {
        self.open_text(words, pace);
        self.close();
    }

    fn open_text<W: AsRef<str>>(&mut self, words: impl IntoIterator<Item = W>, pace: Duration) {
        self.open(json!({"type": "text", "text": ""}));
        for word in words {
            self.delta(pace, json!({"type": "text_delta", "text": word.as_ref()}));
        }
    }

    pub(super) fn tool(&mut self, id: &str, name: &str, input: &Value) {
        self.open(json!({"type": "tool_use", "id": id, "name": name, "input": {}}));
        let json = input.to_string().chars().collect::<Vec<_>>();
        for piece in json.chunks(40) {
            let piece = String::from_iter(piece);
            self.delta(
                Duration::ZERO,
                json!({"type": "input_json_delta", "partial_json": piece}),
            );
        }
        self.close();
    }

    pub(super) fn thinking(&mut self) {
        self.open(json!({"type": "thinking", "thinking": "", "signature": ""}));
        for piece in ["Let me ", "think."] {
            self.delta(
                Duration::ZERO,
                json!({"type": "thinking_delta", "thinking": piece}),
            );
        }
        let signature = json!({"type": "signature_delta", "signature": "c2lnbmF0dXJl"});
        self.delta(Duration::ZERO, signature);
        self.close();
    }

    /// Some words, then nothing for ever.
    pub(super) fn hang(&mut self, words: impl IntoIterator<Item = String>) {
        self.open_text(words, Duration::ZERO);
        self.open_ended = true;
    }

    pub(super) fn end(&mut self, stop_reason: &str) {
        self.event(json!({
            "type": "message_delta", "delta": {"stop_reason": stop_reason, "stop_sequence": null},
            "usage": {"output_tokens": 9},
        }));
        self.event(json!({"type": "message_stop"}));
    }
}
