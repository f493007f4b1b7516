//! A stream that was read to its end, and checked on the way: contiguous, nothing twice, one `end`, last, counts equal.

use serde_json::Value;

use crate::client::{Socket, next_frame};

/// What a client saw.
#[derive(Debug)]
pub struct Watched {
    /// All frames, `subscribed` first.
    pub frames: Vec<Value>,
}

impl Watched {
    /// Reads a socket to its close.
    ///
    /// # Panics
    /// When the stream breaks a promise.
    pub async fn to_end(mut socket: Socket, after: Option<&str>) -> Self {
        let mut frames = Vec::new();
        let close = loop {
            match next_frame(&mut socket).await {
                Ok(frame) => frames.push(frame),
                Err(code) => break code,
            }
        };
        assert_eq!(close, 1000, "closed before its end: {:#?}", frames.last());
        let watched = Self { frames };
        watched.check(after);
        watched
    }

    /// What several connections gave, the greetings of the later ones left out.
    ///
    /// # Panics
    /// When the stream breaks a promise.
    #[must_use]
    pub fn joined(frames: Vec<Value>) -> Self {
        let watched = Self { frames };
        watched.check(None);
        watched
    }

    fn check(&self, after: Option<&str>) {
        assert_eq!(self.frames[0]["type"], "subscribed", "{:?}", self.frames[0]);
        // Nothing after a gap: then anything may follow.
        let mut last = Some(after.map_or((0, 0), parse));
        for frame in &self.frames {
            if frame["type"] == "gap" {
                last = None;
            }
            let Some(id) = frame["id"].as_str() else {
                continue;
            };
            let (attempt, seq) = parse(id);
            let follows = last.is_none_or(|last| {
                (attempt == last.0 && seq == last.1 + 1) || (attempt > last.0 && seq == 1)
            });
            assert!(follows, "{id} after {last:?}: {:#?}", self.frames);
            last = Some((attempt, seq));
        }
        let ends = self.of("end").count();
        let at_end = after.is_some() && self.frames.len() == 1;
        assert!(at_end || ends == 1, "one end: {:#?}", self.frames);
        assert!(
            at_end || self.frames[self.frames.len() - 1]["type"] == "end",
            "end is last: {:#?}",
            self.frames
        );
        if after.is_none() && self.of("gap").next().is_none() {
            assert_eq!(self.end()["messages"], self.counted());
        }
    }

    /// Messages that are on record: an attempt whose number skips some begins a record anew, which Redis had lost.
    fn counted(&self) -> usize {
        let (mut count, mut last) = (0, 0);
        for frame in &self.frames {
            let Some((attempt, _)) = frame["id"].as_str().map(parse) else {
                continue;
            };
            if attempt > last + 1 {
                count = 0;
            }
            last = attempt;
            count += usize::from(frame["type"] == "claude_message");
        }
        count
    }

    /// Frames of recorded events, in order.
    #[must_use]
    pub fn recorded(&self) -> Vec<&Value> {
        let recorded = |frame: &&Value| frame["id"].is_string();
        self.frames.iter().filter(recorded).collect()
    }

    /// Ids of recorded events, in order.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.frames.iter().filter_map(|frame| frame["id"].as_str())
    }

    /// The `data` of all frames of a type.
    pub fn of<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Value> {
        self.frames
            .iter()
            .filter(move |frame| frame["type"] == kind)
            .map(|frame| &frame["data"])
    }

    /// What `end` says.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn end(&self) -> &Value {
        self.of("end").next().expect("an end")
    }

    /// The status it ended with.
    #[must_use]
    pub fn status(&self) -> &str {
        self.end()["status"].as_str().expect("a status")
    }

    /// The code of the error it ended with; empty for none.
    #[must_use]
    pub fn code(&self) -> &str {
        self.end()["error"]["code"].as_str().unwrap_or_default()
    }

    /// What the assistant said, all blocks joined.
    #[must_use]
    pub fn text(&self) -> String {
        let assistant = self
            .of("claude_message")
            .filter(|line| line["type"] == "assistant");
        let blocks = assistant
            .filter_map(|line| line["message"]["content"].as_array())
            .flatten();
        blocks.filter_map(|block| block["text"].as_str()).collect()
    }
}

fn parse(id: &str) -> (u32, u64) {
    let (attempt, seq) = id.split_once('-').expect("an id has two parts");
    (
        attempt.parse().expect("a number"),
        seq.parse().expect("a number"),
    )
}
