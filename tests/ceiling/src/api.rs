//! The API: publishes and waits for the confirm; sockets.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::extract::{Path, State, WebSocketUpgrade};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use bytes::Bytes;
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::{BasicProperties, Channel, Connection};
use redis::aio::MultiplexedConnection;
use serde_json::json;
use uuid::Uuid;

use crate::engines::Engines;
use crate::feed::Feed;
use crate::socket::Watcher;

/// As many as Longshore has; here each may have several messages on the way.
const CHANNELS: usize = 16;

/// Clients send next to nothing, and the default is 128 KiB.
const READ_BUFFER: usize = 4 << 10;

#[derive(Clone)]
struct Api {
    engines: Engines,
    redis: MultiplexedConnection,
    feed: Feed,
    publisher: Arc<Publisher>,
}

struct Publisher {
    queue: String,
    channels: Vec<Channel>,
    next: AtomicUsize,
    _connection: Connection,
}

/// All of its routes.
///
/// # Errors
/// When an engine cannot be reached.
pub async fn router(engines: Engines) -> anyhow::Result<Router> {
    let api = Api {
        redis: engines.redis().await?,
        feed: Feed::start(&engines).await?,
        publisher: Arc::new(Publisher::start(&engines).await?),
        engines,
    };
    Ok(Router::new()
        .route("/readyz", get(|| async { StatusCode::OK }))
        .route("/api/v1/claude/execute", post(execute))
        .route(
            "/api/v1/claude/executions/{id}/cancel",
            post(|| async { Json(json!({})) }),
        )
        .route("/ws/executions/{id}", get(watch))
        .with_state(api))
}

impl Publisher {
    async fn start(engines: &Engines) -> anyhow::Result<Self> {
        let connection = engines.amqp().await?;
        let mut channels = Vec::new();
        for _ in 0..CHANNELS {
            let channel = connection.create_channel().await?;
            channel
                .confirm_select(ConfirmSelectOptions::default())
                .await?;
            channels.push(channel);
        }
        engines.declare(&channels[0]).await?;
        Ok(Self {
            queue: engines.queue(),
            channels,
            next: AtomicUsize::new(0),
            _connection: connection,
        })
    }

    async fn publish(&self, message: &[u8]) -> lapin::Result<()> {
        let channel = &self.channels[self.next.fetch_add(1, Ordering::Relaxed) % CHANNELS];
        let (options, durable) = (
            BasicPublishOptions::default(),
            BasicProperties::default().with_delivery_mode(2),
        );
        let queue = self.queue.as_str().into();
        let sent = channel.basic_publish("".into(), queue, options, message, durable);
        sent.await?.await.map(drop)
    }
}

/// The message is the id and the request as it came.
async fn execute(State(api): State<Api>, request: Bytes) -> Response {
    let execution = Uuid::now_v7();
    let message = [execution.as_bytes().as_slice(), &request].concat();
    if let Err(error) = api.publisher.publish(&message).await {
        return (StatusCode::SERVICE_UNAVAILABLE, error.to_string()).into_response();
    }
    let body =
        json!({ "execution_id": execution, "session_id": Uuid::new_v4(), "status": "pending" });
    (StatusCode::ACCEPTED, Json(body)).into_response()
}

async fn watch(
    State(api): State<Api>,
    Path(execution): Path<Uuid>,
    upgrade: WebSocketUpgrade,
) -> Response {
    let watcher = Watcher {
        engines: api.engines,
        redis: api.redis,
        feed: api.feed,
        execution,
    };
    upgrade
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(READ_BUFFER)
        .on_upgrade(async move |socket| {
            watcher.watch(socket).await;
        })
}
