//! One socket: a reader that obeys the client and a writer that follows the execution, in one task.

use axum::extract::ws::{Message, WebSocket};
use futures_util::stream::{SplitSink, SplitStream};
use longshore_shared::metrics::WEBSOCKETS;
use tokio::sync::mpsc;

use super::life::Life;
use super::parting::Parting;
use super::reader::Reader;
use super::writer::Writer;
use crate::connections::Place;
use crate::identity::Caller;
use crate::state::ApiState;
use crate::watch::Watch;

/// Answers to the client that wait to be written; a client that asks and does not read waits with them.
const REPLIES: usize = 8;

pub(super) struct Connection {
    pub(super) state: ApiState,
    pub(super) caller: Caller,
    pub(super) watch: Watch,
    /// Kept as long as the connection is open.
    pub(super) _place: Place,
}

impl Connection {
    pub(super) async fn run(
        self,
        sink: SplitSink<WebSocket, Message>,
        mut stream: SplitStream<WebSocket>,
    ) {
        let Watch {
            key,
            workspace,
            hello,
            follower,
            ..
        } = self.watch;
        let _open = WEBSOCKETS.hold();
        let (replies, outbox) = mpsc::channel(REPLIES);
        let life = Life::new();
        let reader = Reader {
            state: &self.state,
            caller: self.caller,
            key,
            workspace,
            life: &life,
            replies,
            invalid: 0,
        };
        let mut writer = Writer {
            sink,
            life: &life,
            last: 0,
        };
        let parting: Parting = tokio::select! {
            parting = reader.run(&mut stream) => parting,
            close = writer.run(hello, follower, outbox, key, &self.state) => close.into(),
        };
        parting.say(writer.sink, stream).await;
    }
}
