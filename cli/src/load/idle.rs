//! Sockets that are open while the load runs, on executions that do nothing.

use anyhow::anyhow;
use futures_util::{SinkExt as _, StreamExt as _, stream};
use serde_json::json;
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite::Message;

use crate::args::LoadArgs;
use crate::client::Api;
use crate::socket::{self, Socket};
use crate::words::text;

/// Opened side by side.
const AT_ONCE: usize = 64;

/// They are open until [`Self::close`].
pub(super) struct Idle {
    executions: Vec<String>,
    sockets: JoinSet<()>,
}

impl Idle {
    /// # Errors
    /// When an execution is refused, or a socket. What was begun is cancelled.
    pub(super) async fn open(api: &Api, args: &LoadArgs) -> anyhow::Result<Self> {
        let mut idle = Self {
            executions: Vec::new(),
            sockets: JoinSet::new(),
        };
        match idle.begin(api, args).await {
            Ok(()) => Ok(idle),
            Err(error) => {
                idle.close(api).await;
                Err(error)
            }
        }
    }

    async fn begin(&mut self, api: &Api, args: &LoadArgs) -> anyhow::Result<()> {
        let body = json!({ "workspace_id": args.workspace, "prompt": args.idle_prompt });
        for _ in 0..args.idle_executions.min(args.idle) {
            let accepted = api.execute(&body).await?;
            self.executions.push(text(&accepted["execution_id"]));
        }
        let each = self.executions.iter().cycle().take(args.idle);
        let opening = each.map(|execution| socket::open(api, execution, None));
        let mut opening = stream::iter(opening).buffer_unordered(AT_ONCE);
        while let Some(socket) = opening.next().await {
            let open = self.sockets.len();
            let socket = socket.map_err(|why| {
                anyhow!(
                    "only {open} of {} idle sockets are open: {why:?}",
                    args.idle
                )
            })?;
            self.sockets.spawn(listen(socket));
        }
        Ok(())
    }

    /// How many are still open.
    pub(super) fn open_now(&mut self) -> usize {
        while self.sockets.try_join_next().is_some() {}
        self.sockets.len()
    }

    /// Cancels what they were opened on.
    pub(super) async fn close(self, api: &Api) {
        for execution in &self.executions {
            let _ = api.cancel(execution).await; // It may have ended by itself.
        }
    }
}

async fn listen(mut socket: Socket) {
    while let Some(Ok(message)) = socket.next().await {
        if let Message::Ping(_) = message {
            drop(socket.flush().await);
        }
    }
}
