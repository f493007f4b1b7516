//! What is no HTTP, or half of it.

use std::time::Duration;

use nix::sys::signal::Signal;
use tests::process::PATIENCE;
use tests::server::Server;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::setup;

/// A header may take 75 s.
const HUNG_UP: Duration = Duration::from_secs(150);

/// Less than requests have to end.
const PROMPTLY: Duration = Duration::from_secs(12);

over_every_server! { setup() =>
    what_is_no_http_does_no_harm: ["errors.no-http"],
    a_body_that_does_not_come_is_not_waited_for: ["errors.no-http"],
    half_a_header_is_hung_up_on: ["errors.no-http"],
    half_a_header_does_not_keep_a_server_from_stopping: ["errors.no-http", "settings.exit-0"],
    half_a_request_does_not_keep_a_server_from_stopping: ["errors.no-http", "settings.exit-0"],
}

async fn what_is_no_http_does_no_harm(server: Server) -> Server {
    let address = server
        .client()
        .url()
        .trim_start_matches("http://")
        .to_owned();
    let noise: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    let endless = format!(
        "GET / HTTP/1.1\r\nhost: localhost\r\n{}",
        "x-header: y\r\n".repeat(20_000)
    );
    for said in [
        b"\r\n\r\n".as_slice(),
        b"hello\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET /healthz HTTP/9.9\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nhost: localhost\r\ncontent-length: -1\r\n\r\n",
        b"POST /api/v1/claude/execute HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\nZZ\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nnonsense",
        &noise,
        endless.as_bytes(),
    ] {
        let mut connection = TcpStream::connect(&address).await.unwrap();
        // The server may have hung up before it has read everything.
        let _ = connection.write_all(said).await;
        let _ = connection.shutdown().await;
        let mut answer = Vec::new();
        let hung_up = timeout(PATIENCE, connection.read_to_end(&mut answer)).await;
        assert!(hung_up.is_ok(), "still open: {:?}", &said[..said.len().min(40)]);
        let answer = String::from_utf8_lossy(&answer);
        assert!(!answer.starts_with("HTTP/1.1 2") && !answer.starts_with("HTTP/1.1 5"), "{answer}");
    }
    // Half a request, given up.
    let mut connection = TcpStream::connect(&address).await.unwrap();
    let half = b"POST /api/v1/claude/execute HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{";
    connection.write_all(half).await.unwrap();
    drop(connection);
    assert_eq!(
        server.client().run("[[text still here]]").await.status(),
        "completed"
    );
    server
}

async fn a_body_that_does_not_come_is_not_waited_for(server: Server) -> Server {
    let address = server.client().url().trim_start_matches("http://");
    let mut connection = TcpStream::connect(address).await.unwrap();
    let half = b"POST /api/v1/claude/execute HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
        content-length: 99\r\nconnection: close\r\n\r\n{";
    connection.write_all(half).await.unwrap();
    let mut answer = Vec::new();
    timeout(PATIENCE, connection.read_to_end(&mut answer))
        .await
        .expect("it is answered, and hung up on")
        .unwrap();
    let answer = String::from_utf8_lossy(&answer);
    assert!(
        answer.starts_with("HTTP/1.1 400") && answer.contains("did not come to its end in time"),
        "{answer}"
    );
    server
}

const HALF_A_HEADER: &[u8] = b"GET /healthz HTTP/1.1\r\nhost: local";

/// Also where nothing was sent at all.
async fn half_a_header_is_hung_up_on(server: Server) -> Server {
    let address = server.client().url().trim_start_matches("http://");
    let all = [HALF_A_HEADER, b"GE", b"PRI * HTTP/2.0\r\n", b""].map(async |said| {
        let mut connection = TcpStream::connect(address).await.unwrap();
        connection.write_all(said).await.unwrap();
        let mut answer = Vec::new();
        timeout(HUNG_UP, connection.read_to_end(&mut answer))
            .await
            .expect("it is hung up on")
            .unwrap();
    });
    futures_util::future::join_all(all).await;
    server
}

async fn half_a_header_does_not_keep_a_server_from_stopping(mut server: Server) -> Server {
    let address = server.client().url().trim_start_matches("http://");
    let mut fresh = TcpStream::connect(address).await.unwrap();
    fresh.write_all(HALF_A_HEADER).await.unwrap();
    let mut used = TcpStream::connect(address).await.unwrap();
    let whole = b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n";
    used.write_all(&[whole, HALF_A_HEADER].concat())
        .await
        .unwrap();
    let mut answer = [0; 12];
    used.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200");
    let mut api = server.apis.remove(0);
    api.signal(Signal::SIGTERM);
    let status = timeout(PROMPTLY, api.exit()).await;
    assert_eq!(status.expect("it stops promptly").code(), Some(0));
    server
}

async fn half_a_request_does_not_keep_a_server_from_stopping(mut server: Server) -> Server {
    let address = server.client().url().trim_start_matches("http://");
    let mut connection = TcpStream::connect(address).await.unwrap();
    let half =
        b"POST /api/v1/claude/execute HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
        content-length: 99\r\nexpect: 100-continue\r\n\r\n";
    connection.write_all(half).await.unwrap();
    // This answer comes when the body is waited for.
    let mut answer = [0; 12];
    timeout(PATIENCE, connection.read_exact(&mut answer))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(&answer, b"HTTP/1.1 100");
    connection.write_all(b"{").await.unwrap();
    let mut api = server.apis.remove(0);
    api.signal(Signal::SIGTERM);
    assert_eq!(api.exit().await.code(), Some(0));
    server
}
