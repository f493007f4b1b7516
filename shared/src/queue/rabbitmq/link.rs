//! The publisher's connection: kept up by a task, with a pool of confirm channels while it lasts.

use std::convert::Infallible;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::StreamExt as _;
use lapin::options::ConfirmSelectOptions;
use lapin::{Channel, Connection, Event};
use tokio::sync::{Notify, watch};
use tokio::time::sleep;
use tokio_util::sync::{CancellationToken, DropGuard};
use tracing::{info, warn};

use super::broker::{ANSWER, Broker, DELETION, open_channel};
use super::supervisor::{Attempts, Failure, within};

/// What the publisher's connection is good for now.
#[derive(Clone)]
pub(super) enum Link {
    /// There is none; why.
    Down(Failure),
    /// The broker takes nothing: it is out of memory or disk.
    Blocked,
    /// Ready.
    Up(Arc<Live>),
}

/// Starts the task that keeps a connection up until the guard is dropped.
pub(super) fn keep(broker: Arc<Broker>) -> (watch::Receiver<Link>, DropGuard) {
    let (state, link) = watch::channel(Link::Down(Failure::new("not connected yet")));
    let stop = CancellationToken::new();
    let stopped = stop.clone();
    tokio::spawn(async move {
        stopped.run_until_cancelled(keep_up(broker, state)).await;
    });
    (link, stop.drop_guard())
}

async fn keep_up(broker: Arc<Broker>, state: watch::Sender<Link>) {
    let mut attempts = Attempts::new("publisher");
    loop {
        let Err(failure) = session(&broker, &state, &mut attempts).await;
        state.send_replace(Link::Down(failure.clone()));
        attempts.failed(failure).await;
    }
}

/// One connection, from its making to its end.
async fn session(
    broker: &Arc<Broker>,
    state: &watch::Sender<Link>,
    attempts: &mut Attempts,
) -> Result<Infallible, Failure> {
    let connection = broker.connect("publisher").await?;
    let mut events = Box::pin(connection.events_listener());
    let live = Arc::new(Live::new(Arc::clone(broker), connection));
    attempts.connected();
    info!("publishing to RabbitMQ");
    loop {
        // Looked at after the listener was made and after each event, so that nothing falls between.
        live.check()?;
        state.send_replace(if live.connection.status().blocked() {
            Link::Blocked
        } else {
            Link::Up(Arc::clone(&live))
        });
        tokio::select! {
            event = events.next() => match event {
                Some(Event::ConnectionBlocked(reason)) => warn!(reason, "RabbitMQ takes no jobs for now"),
                Some(Event::ConnectionUnblocked) => info!("RabbitMQ takes jobs again"),
                Some(_) => {} // Also the errors of single channels.
                None => return Err(Failure::new("lost")),
            },
            () = live.lost.notified() => {}
        }
    }
}

/// A connection in use.
pub(super) struct Live {
    broker: Arc<Broker>,
    connection: Connection,
    /// Channels without an outstanding publish.
    idle: Mutex<Vec<Channel>>,
    declared: tokio::sync::Mutex<()>,
    undeclared: AtomicBool,
    lost: Notify,
}

impl Live {
    fn new(broker: Arc<Broker>, connection: Connection) -> Self {
        Self {
            broker,
            connection,
            idle: Mutex::default(),
            declared: tokio::sync::Mutex::default(),
            undeclared: AtomicBool::new(false),
            lost: Notify::new(),
        }
    }

    /// Whether the connection is still one. If not, the supervisor is told: lapin has no event for every end.
    pub(super) fn check(&self) -> Result<(), Failure> {
        if self.connection.status().connected() {
            return Ok(());
        }
        self.lost.notify_one();
        Err(Failure::new("the connection was lost"))
    }

    /// A channel that nobody else uses. Dropped, it is closed; what comes late on it reaches nobody.
    pub(super) async fn channel(&self) -> Result<Channel, Failure> {
        self.declare_again().await?;
        while let Some(channel) = self.take_idle() {
            if channel.status().connected() {
                return Ok(channel);
            }
        }
        let channel = open_channel(&self.connection).await?;
        within(
            ANSWER,
            channel.confirm_select(ConfirmSelectOptions::default()),
        )
        .await?;
        Ok(channel)
    }

    /// Only after the verdict: a channel with a publish outstanding would give it to the next.
    pub(super) fn give_back(&self, channel: Channel) {
        self.idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(channel);
    }

    /// The queue is gone: the next user of the connection declares it.
    pub(super) fn forget_declaration(&self) {
        self.undeclared.store(true, Ordering::Release);
    }

    async fn declare_again(&self) -> Result<(), Failure> {
        if !self.undeclared.load(Ordering::Acquire) {
            return Ok(());
        }
        // One declares, the others wait for it.
        let _turn = self.declared.lock().await;
        if self.undeclared.load(Ordering::Acquire) {
            warn!("the queue is gone, declaring it again");
            sleep(DELETION).await;
            self.broker.declare(&self.connection).await?;
            self.undeclared.store(false, Ordering::Release);
        }
        Ok(())
    }

    fn take_idle(&self) -> Option<Channel> {
        self.idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop()
    }
}
