//! One subscriber for all executions, and whom it feeds.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures_util::StreamExt as _;
use tokio::sync::mpsc;
use uuid::Uuid;

use crate::engines::Engines;

type Listeners = HashMap<Uuid, Vec<mpsc::UnboundedSender<Bytes>>>;

#[derive(Clone, Default)]
pub(crate) struct Feed(Arc<Mutex<Listeners>>);

impl Feed {
    /// Subscribes to all there is.
    pub(crate) async fn start(engines: &Engines) -> anyhow::Result<Self> {
        let (mut sink, mut messages) = engines.redis_client()?.get_async_pubsub().await?.split();
        sink.psubscribe(engines.channels()).await?;
        let (feed, channels) = (Self::default(), engines.channels().len() - 1);
        let fed = feed.clone();
        tokio::spawn(async move {
            let _sink = sink; // With it the subscription would end.
            while let Some(message) = messages.next().await {
                let id = message.get_channel_name().get(channels..);
                if let Some(id) = id.and_then(|id| Uuid::parse_str(id).ok()) {
                    fed.deliver(id, message.get_payload().unwrap_or_default());
                }
            }
        });
        Ok(feed)
    }

    fn deliver(&self, execution: Uuid, published: Vec<u8>) {
        let published = Bytes::from(published);
        let mut listeners = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(of_it) = listeners.get_mut(&execution) {
            of_it.retain(|listener| listener.send(published.clone()).is_ok());
            if of_it.is_empty() {
                listeners.remove(&execution);
            }
        }
    }

    pub(crate) fn listen(&self, execution: Uuid) -> mpsc::UnboundedReceiver<Bytes> {
        let (sender, receiver) = mpsc::unbounded_channel();
        let mut listeners = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        listeners.entry(execution).or_default().push(sender);
        receiver
    }
}
