//! A socket: what was written before it came, then what is live.

use axum::extract::ws::{Message, Utf8Bytes, WebSocket};
use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use redis::aio::MultiplexedConnection;
use uuid::Uuid;

use crate::engines::Engines;
use crate::feed::Feed;
use crate::stream;

pub(crate) struct Watcher {
    pub(crate) engines: Engines,
    pub(crate) redis: MultiplexedConnection,
    pub(crate) feed: Feed,
    pub(crate) execution: Uuid,
}

impl Watcher {
    /// Until the end, or until somebody hangs up.
    pub(crate) async fn watch(mut self, mut socket: WebSocket) -> Option<()> {
        let mut live = self.feed.listen(self.execution);
        let mut last = 0;
        for (number, frame) in self.recorded().await? {
            last = number;
            if feed(&mut socket, frame).await? {
                return socket.close().await.ok();
            }
        }
        socket.flush().await.ok()?;
        loop {
            let published = tokio::select! {
                published = live.recv() => published?,
                heard = socket.next() => match heard {
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                    Some(Ok(_)) => continue,
                },
            };
            for (number, frame) in stream::split(&published) {
                if number <= last {
                    continue; // It was in the record.
                }
                last = number;
                if feed(&mut socket, frame).await? {
                    return socket.close().await.ok();
                }
            }
            socket.flush().await.ok()?;
        }
    }

    async fn recorded(&mut self) -> Option<Vec<(u64, Bytes)>> {
        let log = self.engines.log(self.execution);
        let entries: Vec<(String, (Bytes, Bytes))> = redis::cmd("XRANGE")
            .arg(log)
            .arg(&["-", "+"])
            .query_async(&mut self.redis)
            .await
            .ok()?;
        let entries = entries.into_iter().filter_map(|(id, (_, frame))| {
            let (_, number) = id.split_once('-')?;
            Some((number.parse().ok()?, frame))
        });
        Some(entries.collect())
    }
}

/// Whether it was the last one.
async fn feed(socket: &mut WebSocket, frame: Bytes) -> Option<bool> {
    let end = stream::is_end(&frame);
    let text = Utf8Bytes::try_from(frame).ok()?;
    socket.feed(Message::Text(text)).await.ok()?;
    Some(end)
}
