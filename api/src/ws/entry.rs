//! Coming in: at once for a caller that is known, else after a first frame with a token.

use std::time::Duration;

use axum::extract::ws::{Utf8Bytes, WebSocket};
use futures_util::StreamExt as _;
use futures_util::stream::SplitStream;
use longshore_shared::id::{EventId, ExecutionId};
use tokio::time::timeout;

use super::close::Close;
use super::command::Command;
use super::connection::Connection;
use super::input::Input;
use super::parting::Parting;
use crate::connections::Place;
use crate::error::ApiError;
use crate::identity::Caller;
use crate::identity::unauthorized::Unauthorized;
use crate::state::ApiState;
use crate::watch::Watch;

/// How long the first frame may take, where it has to bring the token.
const FIRST_FRAME: Duration = Duration::from_secs(5);

/// Somebody who wants to watch an execution.
pub(super) struct Entry {
    pub(super) state: ApiState,
    pub(super) id: ExecutionId,
    pub(super) after: Option<EventId>,
    pub(super) place: Place,
}

impl Entry {
    /// # Errors
    /// Where the caller may not watch that execution.
    pub(super) async fn admit(self, caller: Caller) -> Result<Connection, ApiError> {
        let watch = Watch::begin(&self.state, &caller, self.id, self.after).await?;
        Ok(Connection {
            state: self.state,
            caller,
            watch,
            _place: self.place,
        })
    }

    /// Admits whoever's first frame has a token that may watch; tells others why not.
    pub(super) async fn by_first_frame(self, socket: WebSocket) {
        let state = self.state.clone();
        let (sink, mut stream) = socket.split();
        let admitted = tokio::select! {
            admitted = self.first_frame(&mut stream) => admitted,
            () = state.farewell() => Err(Close::Restarting.into()),
        };
        match admitted {
            Ok(connection) => connection.run(sink, stream).await,
            Err(parting) => parting.say(sink, stream).await,
        }
    }

    async fn first_frame(
        mut self,
        stream: &mut SplitStream<WebSocket>,
    ) -> Result<Connection, Parting> {
        let id = self.id;
        let refusal = |error: &ApiError| Parting::refusal(id, error);
        let first = timeout(FIRST_FRAME, first_text(stream)).await;
        let text = first.map_err(|_| refusal(&missing().into()))??;
        let caller = self
            .caller(text.as_ref())
            .map_err(|error| refusal(&error))?;
        self.place
            .assign(&caller)
            .map_err(|error| refusal(&error))?;
        self.admit(caller).await.map_err(|error| refusal(&error))
    }

    fn caller(&self, text: Option<&Utf8Bytes>) -> Result<Caller, ApiError> {
        let command = text.and_then(|text| Command::parse(text));
        match (command, &self.state.verifier) {
            (Some(Command::Auth(token)), Some(verifier)) => Ok(verifier.verify(&token)?),
            // Without a verifier nobody comes this way: everybody is known before the upgrade.
            _ => Err(missing().into()),
        }
    }
}

/// The client's first frame that is no mere sign of life; `None` for one that is no text.
async fn first_text(stream: &mut SplitStream<WebSocket>) -> Result<Option<Utf8Bytes>, Parting> {
    loop {
        match Input::read(stream.next().await)? {
            Input::Text(text) => return Ok(Some(text)),
            Input::Binary => return Ok(None),
            Input::Sign => {}
        }
    }
}

fn missing() -> Unauthorized {
    Unauthorized::none(
        r#"the first frame must be {"type":"auth","token":"…"}, within 5 s, where the upgrade had no token"#,
    )
}
