//! The connection that hears everything: subscribed to what is watched, probed, and replaced when it fails or goes deaf.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use redis::aio::{PubSubSink, PubSubStream};
use redis::{Msg, RedisResult};
use tokio::sync::{broadcast, mpsc};
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};
use tracing::{debug, info, warn};

use super::{Request, STEP};
use crate::event_log::LiveBatch;
use crate::event_log::fanout::Fanout;
use crate::id::ExecutionKey;
use crate::redis::Keys;
use crate::redis::node::Use;
use crate::redis::way::Way;
use crate::retry::Backoff;

/// How often the subscriber publishes to itself. A deaf connection is found within two of these.
const PROBE: Duration = Duration::from_secs(5);

/// Channels in one SUBSCRIBE, so that a reconnect with many does not build one huge command.
const CHUNK: usize = 500;

/// Keeps the subscriptions of all followers on one connection, notices by probing itself when that
/// connection has gone deaf, and makes a new one.
pub(super) struct Subscriber {
    pub(super) way: Way,
    pub(super) keys: Keys,
    pub(super) probe: String,
    pub(super) control: String,
    pub(super) fanout: Arc<Fanout>,
    pub(super) cancellations: broadcast::Sender<ExecutionKey>,
    pub(super) hears: Arc<AtomicBool>,
}

/// Why a connection is given up.
enum Lost {
    /// It failed, or went deaf: make another.
    Connection(String),
    /// Nobody needs it any more.
    Dropped,
}

/// One connection with what it is subscribed to.
struct Link {
    sink: PubSubSink,
    stream: PubSubStream,
    channels: HashMap<String, ExecutionKey>,
}

impl Subscriber {
    pub(super) async fn run(self, mut inbox: mpsc::Receiver<Request>) {
        let mut backoff = Backoff::default();
        loop {
            let lost = match self.connect().await {
                Ok(link) => {
                    backoff.reset();
                    info!("subscribed to redis");
                    self.listen(link, &mut inbox).await
                }
                Err(cause) => Lost::Connection(cause),
            };
            self.hears.store(false, Ordering::Relaxed);
            match lost {
                Lost::Dropped => return,
                Lost::Connection(cause) => {
                    warn!(cause, "the redis subscription was lost; subscribing again")
                }
            }
            if inbox.is_closed() && inbox.is_empty() {
                return;
            }
            tokio::time::sleep(backoff.next_delay()).await;
        }
    }

    /// A new connection, subscribed to everything that is watched now; all followers read their logs again.
    async fn connect(&self) -> Result<Link, String> {
        let connection = within(self.way.subscriber()).await?;
        let (sink, stream) = connection.split();
        let mut link = Link {
            sink,
            stream,
            channels: HashMap::new(),
        };
        within(link.sink.subscribe(&[&self.control, &self.probe])).await?;
        for keys in self.fanout.keys().chunks(CHUNK) {
            let channels: Vec<String> = keys.iter().map(|key| self.keys.channel(*key)).collect();
            within(link.sink.subscribe(&channels)).await?;
            link.channels
                .extend(channels.into_iter().zip(keys.iter().copied()));
        }
        self.fanout.doubt_all();
        Ok(link)
    }

    async fn listen(&self, mut link: Link, inbox: &mut mpsc::Receiver<Request>) -> Lost {
        let mut confirming = FuturesUnordered::new();
        // The first probe at once, so that readiness does not wait for a whole period.
        let mut ticks = interval_at(Instant::now() + PROBE, PROBE);
        // After a pause of this process two ticks at once would leave a probe no time to come back.
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut unanswered = true;
        self.send_probe();
        loop {
            tokio::select! {
                message = link.stream.next() => match message {
                    Some(message) => unanswered &= !self.take(&link.channels, &message),
                    None => return Lost::Connection("the connection was closed".to_owned()),
                },
                request = inbox.recv() => match request {
                    Some(request) => self.request(&mut link, request, &mut confirming),
                    None => return Lost::Dropped,
                },
                Some(confirmed) = confirming.next() => {
                    if let Err(cause) = confirmed {
                        return Lost::Connection(cause);
                    }
                }
                _ = ticks.tick() => {
                    if std::mem::replace(&mut unanswered, true) {
                        return Lost::Connection("a probe did not come back".to_owned());
                    }
                    if let Err(cause) = self.leave_unwatched(&mut link).await {
                        return Lost::Connection(cause);
                    }
                    self.send_probe();
                }
            }
        }
    }

    /// Subscribes; several requests may be on their way at once.
    fn request(
        &self,
        link: &mut Link,
        request: Request,
        confirming: &mut FuturesUnordered<Confirming>,
    ) {
        let channel = self.keys.channel(request.key);
        // Subscribing again to what is subscribed is harmless, and its answer comes after the first one's.
        link.channels.insert(channel.clone(), request.key);
        let mut sink = link.sink.clone();
        confirming.push(Box::pin(async move {
            within(sink.subscribe(&channel)).await?;
            // The caller may have given up waiting; then its subscription is swept.
            let _ = request.done.send(());
            Ok(())
        }));
    }

    /// Hands a message on; tells whether it was the probe.
    fn take(&self, channels: &HashMap<String, ExecutionKey>, message: &Msg) -> bool {
        let channel = message.get_channel_name();
        if channel == self.probe {
            self.hears.store(true, Ordering::Relaxed);
            return true;
        }
        let payload = message.get_payload_bytes();
        if channel == self.control {
            if let Some(key) = std::str::from_utf8(payload)
                .ok()
                .and_then(|text| text.parse().ok())
            {
                // Nobody listens in a process that only serves clients.
                let _ = self.cancellations.send(key);
            }
            return false;
        }
        if let Some(key) = channels.get(channel) {
            match LiveBatch::decode(Bytes::copy_from_slice(payload)) {
                Some(batch) => self.fanout.deliver(*key, batch),
                None => {
                    warn!(execution = %key.execution, "a live message is not of our form; reading the log instead");
                    self.fanout.doubt(*key);
                }
            }
        }
        false
    }

    async fn leave_unwatched(&self, link: &mut Link) -> Result<(), String> {
        let unwatched: Vec<String> = link
            .channels
            .iter()
            .filter(|(_, key)| !self.fanout.watches(**key))
            .map(|(channel, _)| channel.clone())
            .collect();
        for channels in unwatched.chunks(CHUNK) {
            within(link.sink.unsubscribe(channels)).await?;
        }
        for channel in &unwatched {
            link.channels.remove(channel);
        }
        Ok(())
    }

    /// Publishes on another connection, without waiting: what counts is whether it arrives here.
    fn send_probe(&self) {
        let (mut hot, probe) = (self.way.connection(Use::Hot), self.probe.clone());
        tokio::spawn(async move {
            let sent: RedisResult<()> = match timeout(
                STEP,
                redis::cmd("PUBLISH")
                    .arg(probe)
                    .arg("")
                    .query_async(&mut hot),
            )
            .await
            {
                Ok(sent) => sent,
                Err(_) => return debug!("a probe could not be sent in time"),
            };
            if let Err(error) = sent {
                debug!(%error, "a probe could not be sent");
            }
        });
    }
}

type Confirming = futures_util::future::BoxFuture<'static, Result<(), String>>;

async fn within<T>(step: impl Future<Output = RedisResult<T>>) -> Result<T, String> {
    match timeout(STEP, step).await {
        Ok(result) => result.map_err(|error| error.to_string()),
        Err(_) => Err("no answer in time".to_owned()),
    }
}
