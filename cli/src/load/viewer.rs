//! A viewer: reads the stream of one execution to its end, as it was told to.

use std::time::Duration;

use anyhow::{Context as _, bail};
use futures_util::{SinkExt as _, StreamExt as _};
use longshore_shared::retry::Backoff;
use tokio::time::{Instant, sleep, timeout_at};
use tokio_tungstenite::tungstenite::Message;

use super::figures::{Figures, Shared};
use super::frame::{End, Frame};
use super::order::Order;
use crate::client::Api;
use crate::socket::{self, NotOpen, Socket};

/// The server pings every 20 s; a connection that is silent for longer is dead.
const SILENCE: Duration = Duration::from_secs(60);

/// Connections in a row that brought nothing.
const MAX_FAILURES: u32 = 20;

/// So many latencies are kept before they are noted for all.
const LOT: usize = 4096;

/// How a viewer behaves.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Manner {
    /// Bytes in a second; none: as fast as they come.
    pub(super) rate: Option<u32>,
    /// It hangs up that often, and comes back.
    pub(super) leaves_every: Option<Duration>,
    /// The moment in which its execution was meant to begin, for the viewer whose latencies count.
    pub(super) since: Option<Instant>,
}

impl Manner {
    /// How long so many bytes take a slow one.
    async fn pause(self, bytes: usize) {
        if let Some(rate) = self.rate {
            let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
            sleep(Duration::from_secs(1) * bytes / rate).await;
        }
    }
}

pub(super) struct Viewer<'a> {
    api: &'a Api,
    execution: &'a str,
    manner: Manner,
    figures: &'a Shared,
    order: Order,
    seen: Seen,
}

/// What it has seen and not yet noted.
#[derive(Default)]
struct Seen {
    ages: Vec<Duration>,
    first_message: Option<Duration>,
    end: Option<(String, Duration)>,
    frames: u64,
    bytes: u64,
    connections: u64,
    gaps: u64,
}

/// Why it stopped reading.
enum Left {
    Ended,
    /// It hung up.
    Willingly,
    /// The server did, or it is gone; whether anything had come.
    Lost(bool),
}

impl<'a> Viewer<'a> {
    pub(super) fn new(
        api: &'a Api,
        execution: &'a str,
        manner: Manner,
        figures: &'a Shared,
    ) -> Self {
        Self {
            api,
            execution,
            manner,
            figures,
            order: Order::default(),
            seen: Seen::default(),
        }
    }

    /// Reads to the end, across connections.
    pub(super) async fn watch(mut self) {
        if let Err(error) = self.until_end().await {
            self.figures.error(format!("stream: {error:#}"));
        }
        let mut figures = self.figures.lock();
        self.seen.note(&mut figures);
        figures.breaches.add(self.order.breaches());
    }

    async fn until_end(&mut self) -> anyhow::Result<()> {
        let (mut failures, mut backoff) = (0, Backoff::default());
        while failures < MAX_FAILURES {
            let after = self.order.last().map(|id| id.to_string());
            match socket::open(self.api, self.execution, after.as_deref()).await {
                Ok(socket) => {
                    self.seen.connections += 1;
                    match self.read(socket).await? {
                        Left::Ended => return Ok(()),
                        Left::Willingly | Left::Lost(true) => {
                            failures = 0;
                            backoff.reset();
                        }
                        Left::Lost(false) => failures += 1,
                    }
                }
                Err(NotOpen::Refused(reason)) => bail!("{reason}"),
                Err(NotOpen::Later) => {
                    failures += 1;
                    self.figures.error("stream: not opened");
                }
            }
            sleep(backoff.next_delay()).await;
        }
        bail!("{MAX_FAILURES} connections in a row brought nothing")
    }

    async fn read(&mut self, mut socket: Socket) -> anyhow::Result<Left> {
        let leaves = self.manner.leaves_every.map(|every| Instant::now() + every);
        let mut brought = false;
        loop {
            // A stream that is never quiet must leave a moment for it too.
            if leaves.is_some_and(|at| Instant::now() >= at) {
                return Ok(Left::Willingly);
            }
            let silence = Instant::now() + SILENCE;
            let patience = leaves.map_or(silence, |at| at.min(silence));
            match timeout_at(patience, socket.next()).await {
                Ok(Some(Ok(Message::Text(text)))) => {
                    brought |= self.frame(&text)?;
                    if self.order.has_ended() {
                        return Ok(Left::Ended);
                    }
                    self.manner.pause(text.len()).await;
                }
                Ok(Some(Ok(Message::Ping(_)))) => drop(socket.flush().await),
                Ok(Some(Ok(Message::Close(_)) | Err(_)) | None) => return Ok(Left::Lost(brought)),
                Ok(Some(Ok(_))) => {}
                Err(_) if leaves.is_none_or(|at| Instant::now() < at) => {
                    return Ok(Left::Lost(brought)); // It is silent.
                }
                Err(_) => {} // It is time to leave.
            }
        }
    }

    /// Whether it was more than the first frame of a connection.
    fn frame(&mut self, text: &str) -> anyhow::Result<bool> {
        self.seen.frames += 1;
        self.seen.bytes += text.len() as u64;
        let frame: Frame<'_> = serde_json::from_str(text).context("a frame that is none")?;
        let is_message = frame.kind == "claude_message";
        if is_message && self.manner.rate.is_none() {
            self.message(&frame);
        }
        if let Some(id) = frame.id {
            self.order.event(id, is_message);
        }
        match frame.kind {
            "subscribed" => return Ok(false),
            "gap" => {
                self.order.gap();
                self.seen.gaps += 1;
            }
            "end" => {
                let end: End = serde_json::from_str(frame.data.get())?;
                self.order.end(end.messages);
                if let Some(since) = self.manner.since {
                    self.seen.end = Some((end.status, since.elapsed()));
                }
            }
            _ => {}
        }
        Ok(true)
    }

    fn message(&mut self, frame: &Frame<'_>) {
        if let Some(since) = self.manner.since {
            self.seen.first_message.get_or_insert(since.elapsed());
        }
        // What waited for somebody to come back says nothing about the way.
        if self.manner.leaves_every.is_none() {
            self.seen.ages.push(frame.age());
        }
        if self.seen.ages.len() == LOT {
            self.seen.note(&mut self.figures.lock());
        }
    }
}

impl Seen {
    /// Notes all for all, and begins anew.
    fn note(&mut self, figures: &mut Figures) {
        let first = self.first_message;
        let seen = std::mem::take(self);
        for age in seen.ages {
            figures.added.note(age);
        }
        if let Some((status, end)) = seen.end {
            *figures.ended.entry(status).or_default() += 1;
            figures.end.note(end);
            if let Some(first) = first {
                figures.first_message.note(first);
            }
        }
        figures.frames += seen.frames;
        figures.bytes += seen.bytes;
        figures.connections += seen.connections;
        figures.gaps += seen.gaps;
        self.first_message = first;
    }
}
