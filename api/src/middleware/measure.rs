//! Counts requests, by the route that answered and never by the path that was asked for.

use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;
use longshore_shared::metrics::{HTTP_REQUEST_DURATION, HTTP_REQUESTS};

/// Stands around everything else, so that it sees the answer as it is sent.
pub(crate) async fn measure(request: Request, next: Next) -> Response {
    let method = known(request.method());
    let route = request.extensions().get::<MatchedPath>().cloned();
    let asked = Instant::now();
    let response = next.run(request).await;
    let route = route.as_ref().map_or("unknown", MatchedPath::as_str);
    let labels = [("method", method), ("route", route)];
    HTTP_REQUEST_DURATION.took_with(labels, asked.elapsed());
    let status = response.status();
    HTTP_REQUESTS.count([labels[0], labels[1], ("status", status.as_str())]);
    response
}

/// A client may invent methods without limit.
fn known(method: &Method) -> &'static str {
    const KNOWN: [Method; 7] = [
        Method::GET,
        Method::POST,
        Method::DELETE,
        Method::HEAD,
        Method::OPTIONS,
        Method::PUT,
        Method::PATCH,
    ];
    const NAMES: [&str; 7] = ["GET", "POST", "DELETE", "HEAD", "OPTIONS", "PUT", "PATCH"];
    let place = KNOWN.iter().position(|known| known == method);
    place.map_or("other", |place| NAMES[place])
}
