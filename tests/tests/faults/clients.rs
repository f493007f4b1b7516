//! Clients vanish, read slowly, come back all at once, and lose their subscription: each sees every event once.

use std::time::Duration;

use futures_util::future::join_all;
use futures_util::{SinkExt as _, StreamExt as _};
use reqwest::StatusCode;
use tests::client::{Client, next_frame};
use tests::private_engines::{Engine, PrivateEngines};
use tests::proxy::{Proxy, Way};
use tests::reconnecting::{follow, follow_on};
use tests::server::{Server, Setup};
use tests::services::{ask_redis, engines};
use tests::watcher::Watched;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};
use tokio_tungstenite::tungstenite::Message;

const PATIENCE: Duration = Duration::from_secs(90);

/// The last event of the whole frames that come after an upgrade's header: text, and no mask, as RFC 6455 has it in 5.2.
fn last_id(bytes: &[u8]) -> Option<String> {
    let header = bytes.windows(4).position(|end| end == b"\r\n\r\n")?;
    let (mut rest, mut last) = (&bytes[header + 4..], None);
    while let [_, length, behind @ ..] = rest {
        let (length, behind) = match *length {
            126 => (
                usize::from(u16::from_be_bytes(*behind.first_chunk()?)),
                &behind[2..],
            ),
            127 => (
                usize::try_from(u64::from_be_bytes(*behind.first_chunk()?)).ok()?,
                &behind[8..],
            ),
            short => (usize::from(short), behind),
        };
        let Some((frame, behind)) = behind.split_at_checked(length) else {
            break;
        };
        let frame: Option<serde_json::Value> = serde_json::from_slice(frame).ok();
        last = frame
            .and_then(|frame| Some(frame["id"].as_str()?.to_owned()))
            .or(last);
        rest = behind;
    }
    last
}

/// 200 connections, each broken off after some bytes, wherever in a frame that is; the next one goes on from there.
#[tokio::test]
async fn who_is_cut_off_at_any_byte_misses_nothing() {
    let setup = Setup::default();
    Server::cluster(setup, |server| async move {
        let (execution, _) = server
            .client()
            .submit("[[lines n=400 rate=40 bytes=500]]")
            .await;
        let seed = fastrand::u64(..);
        let mut random = fastrand::Rng::with_seed(seed);
        let mut after: Option<String> = None;
        for _ in 0..200 {
            let client = &server.clients[random.usize(..server.clients.len())];
            let seen = bytes_of(client, &execution, after.as_deref(), random.usize(1..6000)).await;
            // Only whole frames count; what a client has in half it does not have.
            after = last_id(&seen).or(after);
        }
        let after = after.expect("something was seen");
        let rest = server.client().watch_after(&execution, Some(&after)).await;
        let whole = server.other().watch(&execution).await;
        let all: Vec<_> = whole.ids().collect();
        let from = all
            .iter()
            .position(|id| *id == after)
            .expect("it is on record");
        assert_eq!(
            rest.ids().collect::<Vec<_>>(),
            all[from + 1..],
            "seed {seed}"
        );
        server.settled(&[execution]).await;
        server
    })
    .await;
}

/// The first bytes that a socket gives after its upgrade, at most so many; then it is gone without a word.
async fn bytes_of(client: &Client, execution: &str, after: Option<&str>, most: usize) -> Vec<u8> {
    let address = client.url().trim_start_matches("http://");
    let after = after
        .map(|after| format!("?after={after}"))
        .unwrap_or_default();
    let mut socket = TcpStream::connect(address).await.expect("it is there");
    let upgrade = format!(
        "GET /ws/executions/{execution}{after} HTTP/1.1\r\nhost: {address}\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
         sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    socket
        .write_all(upgrade.as_bytes())
        .await
        .expect("it is taken");
    let mut seen = Vec::new();
    let reading = async {
        let mut piece = [0; 512];
        while seen.len() < most {
            match socket.read(&mut piece).await {
                Ok(read @ 1..) => seen.extend_from_slice(&piece[..read]),
                _ => return,
            }
        }
    };
    // A stream that says nothing for a moment is cut off as well.
    let _ = timeout(Duration::from_millis(300), reading).await;
    seen.truncate(most);
    seen
}

/// Every second, on all replicas.
#[tokio::test]
async fn lost_subscriptions_lose_nothing() {
    let Some(engines) = PrivateEngines::start(&[Engine::Redis]).await else {
        return;
    };
    let engines = &engines;
    Server::cluster(
        Setup::default().on(&engines.addresses),
        |server| async move {
            let (execution, _) = server.client().submit("[[lines n=600 rate=40]]").await;
            let watching = (0..8).map(|_| follow(&server.clients, &execution, PATIENCE));
            let killing = async {
                for _ in 0..15 {
                    sleep(Duration::from_secs(1)).await;
                    let kill = ["CLIENT", "KILL", "TYPE", "pubsub"];
                    let _: i64 = ask_redis(&engines.addresses.redis_url, &kill).await;
                }
            };
            let (followed, ()) = tokio::join!(join_all(watching), killing);
            for followed in followed {
                assert_eq!(followed.watched.end()["messages"], 602);
                assert_eq!(
                    (followed.gaps, followed.connections),
                    (0, 1),
                    "it is the API's affair"
                );
            }
            server.settled(&[execution]).await;
            server
        },
    )
    .await;
}

/// It subscribes, and hears nothing: neither its own probe, nor the end, nor that anything is wrong.
#[tokio::test]
async fn a_deaf_subscriber_is_noticed() {
    let Some(shared) = engines() else { return };
    let (way, proxied) = Proxy::before(&shared.redis_url).await;
    let proxy = &way; // Which is there until all programs have ended.
    let setup = Setup {
        apis: 1,
        ..Setup::default()
    };
    Server::cluster(setup, |mut server| async move {
        server
            .start_api_with(&[("LONGSHORE_REDIS_URL", &proxied)])
            .await;
        server.other().ready().await;
        let (execution, _) = server.client().submit("[[lines n=150 rate=10]]").await;
        let mut socket = server.other().socket(&execution, None).await;
        while next_frame(&mut socket).await.expect("it runs")["type"] != "claude_message" {}
        drop(socket);
        let watching = server.other().watch(&execution);
        let deaf = async {
            sleep(Duration::from_secs(1)).await;
            proxy.hang_way(Way::Back, true);
            let began = Instant::now();
            while server.other().get("/readyz").await.status == StatusCode::OK {
                sleep(Duration::from_millis(200)).await;
            }
            assert!(
                began.elapsed() < Duration::from_secs(12),
                "{:?}",
                began.elapsed()
            );
            proxy.hang_way(Way::Back, false);
            server.other().ready().await;
        };
        let (watched, ()) = tokio::join!(watching, deaf);
        assert_eq!(watched.end()["messages"], 152);
        server.settled(&[execution]).await;
        server
    })
    .await;
}

/// What one takes slowly the others have at once.
#[tokio::test]
async fn a_slow_reader_holds_nobody_up() {
    let setup = Setup {
        apis: 1,
        ..Setup::default()
    };
    Server::cluster(setup, |server| async move {
        let (execution, _) = server
            .client()
            .submit("[[sleep ms=1000]][[lines n=2000 bytes=4000]]")
            .await;
        let mut slow = server.client().socket(&execution, None).await;
        let fast = (0..30).map(|_| watch(server.client().clone(), execution.clone()));
        let fast = tokio::spawn(join_all(fast));
        let mut frames = Vec::new();
        while !fast.is_finished() {
            frames.push(next_frame(&mut slow).await.expect("it goes on"));
            sleep(Duration::from_millis(200)).await;
        }
        // By order, not by time: how fast they are is the machine's matter, and who is held up ends with the slow one.
        let taken = frames.len();
        assert!(taken < 1000, "the slow one had {taken} of 2002 by then");
        for watched in fast.await.expect("they see every event once") {
            assert_eq!(watched.end()["messages"], 2002);
        }
        let largest = server.apis[0].resident().expect("it runs");
        assert!(largest < 400 << 10, "the API takes {largest} KiB");
        while let Ok(frame) = next_frame(&mut slow).await {
            frames.push(frame);
        }
        assert_eq!(Watched::joined(frames).end()["messages"], 2002);
        server.settled(&[execution]).await;
        server
    })
    .await;
}

async fn watch(client: Client, execution: String) -> Watched {
    client.watch(&execution).await
}

/// Its network is gone: no FIN, no answer to a ping. The API gives up within a minute, and listens for it no more.
#[tokio::test]
async fn a_half_open_socket_is_closed() {
    let setup = Setup {
        apis: 1,
        ..Setup::default()
    };
    Server::cluster(setup, |server| async move {
        let (proxy, proxied) = Proxy::before(server.client().url()).await;
        let vanishing = Client::new(&proxied);
        let (execution, _) = server.client().submit("[[text started]][[hang]]").await;
        let mut socket = vanishing.socket(&execution, None).await;
        while next_frame(&mut socket).await.expect("it runs")["type"] != "claude_message" {}
        let channel = format!("{}:*:live:*", server.namespace());
        let redis = server.redis_url().expect("it has one").to_owned();
        let subscribed = async || -> usize {
            let found: Vec<String> = ask_redis(&redis, &["PUBSUB", "CHANNELS", &channel]).await;
            found.len()
        };
        assert_eq!(subscribed().await, 1);
        proxy.hang(true);
        let gone = async {
            while subscribed().await > 0 {
                sleep(Duration::from_millis(500)).await;
            }
        };
        timeout(Duration::from_secs(70), gone)
            .await
            .expect("it is given up");
        proxy.hang(false);
        server.client().cancel(&execution).await;
        let mut next = Some(vanishing).into_iter().cycle();
        let again = || next.next().expect("an endless ring");
        let followed = follow_on(again, &execution, PATIENCE).await;
        assert_eq!(followed.watched.status(), "cancelled");
        server.settled(&[execution]).await;
        server
    })
    .await;
}

/// A live client answers pings, however little it reads of its own accord.
#[tokio::test]
async fn a_quiet_client_is_not_given_up() {
    Server::cluster(Setup::default(), |server| async move {
        let (execution, _) = server.client().submit("[[hang]]").await;
        let mut socket = server.client().socket(&execution, None).await;
        let pings = async {
            let mut pings = 0;
            while pings < 2 {
                match socket.next().await {
                    Some(Ok(Message::Ping(_))) => pings += 1,
                    Some(Ok(_)) => {}
                    other => panic!("closed: {other:?}"),
                }
            }
        };
        timeout(Duration::from_secs(80), pings)
            .await
            .expect("it is pinged");
        socket
            .send(Message::Ping(Vec::new().into()))
            .await
            .expect("it is there");
        server.client().cancel(&execution).await;
        while next_frame(&mut socket).await.is_ok() {}
        server.settled(&[execution]).await;
        server
    })
    .await;
}
