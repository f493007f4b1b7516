//! Serves HTTP/1.1 on a listener: accepts connections, and ends them in good order.

use std::convert::Infallible;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::serve::Listener;
use hyper::body::{Body as HttpBody, Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;
use tower::ServiceExt as _;
use tracing::debug;

/// How long a client may take for the header of a request, and leave a connection without any. Longer than the 60 s for
/// which proxies keep theirs: whoever sends a request at the moment in which the server closes cannot tell whether it
/// was taken.
const HEADER: Duration = Duration::from_secs(75);

/// How long a stopping server waits for the last bytes of an answer to leave.
const LAST_BYTES: Duration = Duration::from_secs(1);

/// Serves until `stopping`; then idle connections end at once, and those with a request when it was answered. All end
/// with this future, also when it is dropped. That a connection cannot be accepted is logged, and tried again.
pub(crate) async fn serve(mut listener: TcpListener, router: Router, stopping: CancellationToken) {
    let connections = TaskTracker::new();
    let over = CancellationToken::new();
    let _over = over.clone().drop_guard();
    loop {
        let stream = tokio::select! {
            (stream, _) = Listener::accept(&mut listener) => stream,
            () = stopping.cancelled() => break,
        };
        let connection = converse(stream, router.clone(), stopping.clone());
        connections.spawn(over.clone().run_until_cancelled_owned(connection));
    }
    drop(listener);
    connections.close();
    connections.wait().await;
}

/// Answers one connection's requests until it ends or is upgraded.
async fn converse(stream: TcpStream, router: Router, stopping: CancellationToken) {
    // Else the end of a small answer may wait for the client to acknowledge its beginning.
    if let Err(error) = stream.set_nodelay(true) {
        debug!(%error, "a connection keeps its delay");
    }
    let requests = TaskTracker::new();
    requests.close();
    let service = service_fn(|request| answer(router.clone(), request, requests.token()));
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEADER);
    let connection = http.serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection.with_upgrades());
    tokio::select! {
        _ = connection.as_mut() => return,
        () = stopping.cancelled() => connection.as_mut().graceful_shutdown(),
    }
    loop {
        let quiet = async {
            requests.wait().await;
            sleep(LAST_BYTES).await;
        };
        tokio::select! {
            _ = connection.as_mut() => return,
            // Half a header may never become a request.
            () = quiet => if requests.is_empty() { return },
        }
    }
}

async fn answer(
    router: Router,
    request: Request<Incoming>,
    token: TaskTrackerToken,
) -> Result<Response<Answer>, Infallible> {
    let response = router.oneshot(request).await?;
    Ok(response.map(|body| Answer {
        body,
        _token: token,
    }))
}

/// The body of an answer: its request has not ended before it was sent.
struct Answer {
    body: Body,
    _token: TaskTrackerToken,
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
