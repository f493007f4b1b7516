//! From the CLI's lines to events: numbered, with the progress after each turn.

use async_trait::async_trait;
use longshore_shared::event::{Event, Kind, frame};
use longshore_shared::execution::progress;
use longshore_shared::id::{EventId, ExecutionId};
use longshore_shared::job::Job;
use longshore_shared::store::Claimed;
use serde_json::json;
use tokio::sync::watch;

use crate::checkpoint::Milestone;
use crate::claude::LineSink;
use crate::publisher::{Progress, Publisher};
use crate::running::Handle;
use crate::stream_json::{Fact, Kind as LineKind, Peek};
use crate::turns::{Turn, Turns};

/// The events of one attempt, on their way to the publisher.
pub(crate) struct Stream<'a> {
    publisher: &'a Publisher,
    execution: ExecutionId,
    max_turns: Option<u32>,
    partials: bool,
    /// The last id given out; the claim recorded the attempt's first event.
    last: EventId,
    messages: u64,
    turns: Turns,
    tool_used: bool,
    milestones: watch::Sender<Option<Milestone>>,
    handle: &'a Handle,
}

impl<'a> Stream<'a> {
    pub(crate) fn new(
        publisher: &'a Publisher,
        job: &Job,
        claimed: &Claimed,
        handle: &'a Handle,
    ) -> Self {
        Self {
            publisher,
            execution: job.execution_id,
            max_turns: job.request.max_turns,
            partials: job.request.stream,
            last: EventId {
                attempt: claimed.lease.attempt,
                seq: 1,
            },
            messages: claimed.messages,
            turns: Turns::after(claimed.turns),
            tool_used: false,
            milestones: watch::Sender::new(None),
            handle,
        }
    }

    /// Its milestones; closed when the stream is dropped.
    pub(crate) fn milestones(&self) -> watch::Receiver<Option<Milestone>> {
        self.milestones.subscribe()
    }

    async fn message(&mut self, line: &str, fact: &Fact<'_>) {
        self.tool_used |= matches!(fact, Fact::Assistant(line) if !line.opened.is_empty());
        let before = self.turns.count();
        let turn = self.turns.note(fact);
        if turn == Turn::OverBefore {
            self.send_progress(before).await;
        }
        self.last = self.last.next();
        self.messages += 1;
        let event = frame::claude_message(self.execution, self.last, line);
        self.send(event).await;
        if turn == Turn::OverWith {
            self.note_milestone(fact);
            self.send_progress(self.turns.count()).await;
        }
    }

    /// What a tool answers that was cut off to end the run is no milestone: that answer is the cut.
    fn note_milestone(&self, fact: &Fact<'_>) {
        if let Fact::User {
            entry: Some(entry), ..
        } = fact
            && self.handle.stop.borrow().is_none()
        {
            self.milestones.send_replace(Some(Milestone {
                event: self.last,
                entry: entry.to_string(),
            }));
        }
    }

    async fn send_progress(&self, turns: u32) {
        let progress = progress(turns, self.max_turns);
        let data = json!({ "progress": progress, "turns": turns, "messages": self.messages });
        let event = frame::live(Kind::Progress, self.execution, &data.to_string());
        self.send(event).await;
    }

    async fn send(&self, event: Event) {
        let progress = Progress {
            turns: self.turns.count(),
            tool_used: self.tool_used,
        };
        self.publisher.send(event, progress).await;
    }
}

#[async_trait]
impl LineSink for Stream<'_> {
    async fn line(&mut self, line: &str, peek: &Peek<'_>) {
        match peek.kind {
            LineKind::Message => self.message(line, &peek.fact).await,
            LineKind::Partial if self.partials => {
                let event = frame::live(Kind::Partial, self.execution, line);
                self.send(event).await;
            }
            LineKind::Partial | LineKind::Control | LineKind::Replay => {}
        }
    }
}
