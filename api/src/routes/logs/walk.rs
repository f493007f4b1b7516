//! Through the executions of a session, one page's worth.

use longshore_shared::backends::Backends;
use longshore_shared::catalogue::Order;
use longshore_shared::error::Unavailable;
use longshore_shared::event_log::{Followed, replay, replay_back};
use longshore_shared::id::{EventId, ExecutionKey, SessionId};

use super::cursor::LogCursor;
use crate::frames::{self, FrameList, MAX_PAGE_BYTES};

/// Executions looked into for one page: most of an old session's may hold nothing any more.
const MAX_EXECUTIONS: usize = 500;

/// Executions asked for at once.
const CHUNK: usize = 50;

/// A page that is being filled.
pub(super) struct Walk<'a> {
    backends: &'a Backends,
    session: SessionId,
    order: Order,
    /// Events that still fit.
    room: usize,
    /// Where the next page begins.
    next: Option<LogCursor>,
    pub(super) logs: FrameList,
}

impl<'a> Walk<'a> {
    pub(super) fn new(
        backends: &'a Backends,
        session: SessionId,
        order: Order,
        limit: usize,
    ) -> Self {
        Self {
            backends,
            session,
            order,
            room: limit,
            next: None,
            logs: FrameList::default(),
        }
    }

    /// Fills the page from `from` on; answers where the next one begins, `None` where nothing follows.
    pub(super) async fn run(
        &mut self,
        from: Option<LogCursor>,
    ) -> Result<Option<LogCursor>, Unavailable> {
        self.next = from;
        // The execution that the page before ended in is looked into first.
        let mut after = from.map(|from| self.step(from.number, -1));
        let mut looked_into = 0;
        while looked_into < MAX_EXECUTIONS {
            let catalogue = &self.backends.catalogue;
            let executions = catalogue
                .of_session(self.session, after, self.order, CHUNK)
                .await?;
            for (number, key) in &executions {
                let begun = from.filter(|from| from.number == *number);
                if self
                    .add(*number, *key, begun.and_then(|from| from.event))
                    .await?
                {
                    return Ok(self.next);
                }
                after = Some(*number);
            }
            if executions.len() < CHUNK {
                return Ok(None);
            }
            looked_into += executions.len();
        }
        Ok(self.next)
    }

    /// Adds an execution's events from after `event` on, as many as fit; tells whether there are more.
    async fn add(
        &mut self,
        number: u64,
        key: ExecutionKey,
        event: Option<EventId>,
    ) -> Result<bool, Unavailable> {
        let log = self.backends.log.as_ref();
        let bytes = MAX_PAGE_BYTES.saturating_sub(self.logs.bytes());
        let wanted = self.room + 1; // One that does not fit shows that there are more.
        let followed = match self.order {
            Order::Ascending => replay(log, key, event, wanted, bytes).await?,
            Order::Descending => replay_back(log, key, event, wanted, bytes).await?,
        };
        let mut gap = None;
        for followed in followed {
            let Followed::Event(event) = &followed else {
                gap = Some(followed);
                continue;
            };
            if self.room == 0 {
                return Ok(true);
            }
            self.room -= 1;
            self.next = Some(self.at(number, event.id));
            for followed in gap.take().into_iter().chain([followed]) {
                self.logs.push(&frames::followed(followed, key.execution));
            }
        }
        if let Some(gap) = gap {
            self.logs.push(&frames::followed(gap, key.execution));
        }
        if self.logs.bytes() >= MAX_PAGE_BYTES {
            return Ok(true); // Its events may have been cut short for that.
        }
        self.next = Some(self.at(self.step(number, 1), None));
        Ok(false)
    }

    fn at(&self, number: u64, event: Option<EventId>) -> LogCursor {
        LogCursor {
            order: self.order,
            number,
            event,
        }
    }

    /// The number that many steps further on in this order.
    fn step(&self, number: u64, by: i64) -> u64 {
        let by = match self.order {
            Order::Ascending => by,
            Order::Descending => -by,
        };
        number.saturating_add_signed(by)
    }
}
