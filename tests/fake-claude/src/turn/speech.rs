//! Assistant texts: whole lines, and the stream of their pieces when partial messages are asked for.

use std::time::{Duration, Instant};

use serde_json::json;
use uuid::Uuid;

use super::Player;
use crate::claude::Stop;
use crate::shape;
use crate::witness::now_us;

/// Between the pieces of the demonstration's answer: slow enough to be watched, fast enough for tests.
const DEMO_PACE: Duration = Duration::from_millis(15);

impl Player<'_> {
    /// The answer to a prompt that is no script.
    pub(super) fn converse(&mut self) -> Result<(), Stop> {
        let quote: String = self.turn.prompt.chars().take(80).collect();
        let hello = "Hello! I am a stand-in for Claude: there is no model behind me, \
                     but everything around me is real.";
        let heard = format!(
            "What I heard is \"{quote}\". \
             Write [[tool Bash {{\"command\":\"ls\"}}]] to see me use a tool."
        );
        self.message(&[hello, &heard], DEMO_PACE)
    }

    /// One message, one line for each text.
    pub(super) fn say(&mut self, texts: &[&str]) -> Result<(), Stop> {
        self.message(texts, Duration::ZERO)
    }

    fn message(&mut self, texts: &[&str], pace: Duration) -> Result<(), Stop> {
        let message = self.open_message()?;
        for (index, text) in texts.iter().enumerate() {
            self.stream_block(index, &message, text, pace)?;
        }
        self.close_message("end_turn");
        Ok(())
    }

    fn stream_block(
        &mut self,
        index: usize,
        message: &str,
        text: &str,
        pace: Duration,
    ) -> Result<(), Stop> {
        self.partial(shape::block_start(
            index,
            &json!({"type": "text", "text": ""}),
        ));
        if self.claude.flags.partials {
            for piece in text.split_inclusive(' ') {
                self.piece(index, message, piece);
                self.claude.pause(pace)?;
            }
        }
        self.text_line(message, text);
        self.partial(shape::block_stop(index));
        Ok(())
    }

    fn piece(&mut self, index: usize, message: &str, piece: &str) {
        self.partial(shape::text_delta(index, piece));
        let unsaid = self
            .turn
            .unsaid
            .get_or_insert_with(|| (message.to_owned(), String::new()));
        unsaid.1.push_str(piece);
    }

    /// Numbered, timed lines; without stream events even where partial messages are on, to measure lines.
    pub(super) fn lines(
        &mut self,
        n: u64,
        bytes: usize,
        rate: f64,
        one_message: bool,
    ) -> Result<(), Stop> {
        let began = Instant::now();
        let mut message = None;
        for i in 0..n {
            let id = match message.take().filter(|_| one_message) {
                Some(id) => id,
                None => self.count_message()?,
            };
            self.pace(began, i, rate)?;
            let text = self.numbered(bytes);
            self.text_line(&id, &text);
            if !one_message || i == 0 {
                self.book();
            }
            message = Some(id);
        }
        Ok(())
    }

    pub(super) fn partials(&mut self, n: u64, rate: f64) -> Result<(), Stop> {
        let message = self.open_message()?;
        self.partial(shape::block_start(0, &json!({"type": "text", "text": ""})));
        let began = Instant::now();
        for i in 0..n {
            self.pace(began, i, rate)?;
            let text = self.numbered(0);
            self.piece(0, &message, &text);
        }
        let (_, text) = self.turn.unsaid.take().unwrap_or_default();
        self.text_line(&message, &text);
        self.partial(shape::block_stop(0));
        self.close_message("end_turn");
        Ok(())
    }

    /// Until the i-th of `rate` a second is due, counted from the first so that no delay adds up.
    fn pace(&mut self, began: Instant, i: u64, rate: f64) -> Result<(), Stop> {
        let due = if rate > 0.0 { i as f64 / rate } else { 0.0 };
        let wait = Duration::try_from_secs_f64(due)
            .unwrap_or(Duration::MAX / 4)
            .saturating_sub(began.elapsed());
        self.claude.pause(wait)
    }

    /// `n=<number in this turn> t=<unix µs>`, filled up to that many bytes.
    fn numbered(&mut self, bytes: usize) -> String {
        self.turn.line += 1;
        let mut text = format!("n={} t={} ", self.turn.line, now_us());
        let missing = bytes.saturating_sub(text.len());
        text.extend(std::iter::repeat_n('x', missing));
        text
    }

    pub(super) fn text_line(&mut self, message: &str, text: &str) {
        let block = json!({"type": "text", "text": text});
        self.turn.unsaid = None;
        self.turn
            .first_text
            .get_or_insert(self.turn.began.elapsed());
        self.claude
            .out
            .event(shape::assistant(&self.claude.flags, message, &block));
        text.clone_into(&mut self.turn.said);
    }

    /// Begins an API message, of which `--max-turns` allows so many.
    pub(super) fn open_message(&mut self) -> Result<String, Stop> {
        let message = self.count_message()?;
        self.partial(json!({"type": "system", "subtype": "status", "status": "requesting"}));
        self.partial(shape::message_start(&self.claude.flags, &message));
        Ok(message)
    }

    fn count_message(&mut self) -> Result<String, Stop> {
        match self.claude.flags.max_turns {
            Some(limit) if self.turn.messages >= limit => Err(Stop::MaxTurns(limit)),
            _ => {
                self.turn.messages += 1;
                Ok(format!(
                    "msg_{}",
                    &Uuid::new_v4().simple().to_string()[..24]
                ))
            }
        }
    }

    pub(super) fn close_message(&mut self, stop_reason: &str) {
        self.partial(shape::message_delta(stop_reason));
        self.partial(shape::stream(json!({"type": "message_stop"})));
        self.book();
    }

    /// An interrupted message is not paid for, as by the real CLI.
    fn book(&mut self) {
        self.turn.spent.message();
        self.claude.spent.message();
    }

    pub(super) fn partial(&mut self, event: serde_json::Value) {
        if self.claude.flags.partials {
            self.claude.out.event(event);
        }
    }
}
