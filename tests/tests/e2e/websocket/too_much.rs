//! A client that sends too much is disconnected.

use futures_util::SinkExt as _;
use tests::server::Server;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

use super::{close_code, end, reply, setup, watching};

over_every_server! { setup() =>
    too_much_nonsense_ends_the_connection: ["ws.close.1008"],
    a_large_frame_ends_the_connection: ["ws.close.1009"],
}

async fn too_much_nonsense_ends_the_connection(server: Server) -> Server {
    let (mut socket, execution) = watching(server.client()).await;
    for n in 0..21 {
        let nonsense = if n % 2 == 0 {
            Message::text("nonsense")
        } else {
            Message::binary(b"\0".as_slice())
        };
        socket.send(nonsense).await.unwrap();
        let answer = reply(&mut socket).await;
        if n < 20 {
            assert_eq!(answer.unwrap()["type"], "error");
        } else {
            assert_eq!(answer, Err(1008));
        }
    }
    // It was the client's fault, and not the execution's.
    assert_eq!(
        server.client().execution(&execution).await["status"],
        "running"
    );
    end(server.client(), &execution).await;
    server
}

async fn a_large_frame_ends_the_connection(server: Server) -> Server {
    let (mut socket, execution) = watching(server.client()).await;
    socket
        .send(Message::text("x".repeat(64 << 10)))
        .await
        .unwrap();
    assert_eq!(
        reply(&mut socket).await.unwrap()["type"],
        "error",
        "64 KiB are read"
    );
    socket
        .send(Message::text("x".repeat((64 << 10) + 1)))
        .await
        .unwrap();
    assert_eq!(close_code(&mut socket).await, 1009);
    let mut socket = server.client().socket(&execution, None).await;
    socket
        .send(Message::binary(vec![0; 800 << 10]))
        .await
        .unwrap();
    assert_eq!(close_code(&mut socket).await, 1009);
    // In pieces that are small enough each.
    let mut socket = server.client().socket(&execution, None).await;
    for n in 0..3 {
        let code = OpCode::Data(if n == 0 { Data::Text } else { Data::Continue });
        let piece = Frame::message("x".repeat(30 << 10), code, n == 2);
        socket.send(Message::Frame(piece)).await.unwrap();
    }
    assert_eq!(close_code(&mut socket).await, 1009);
    end(server.client(), &execution).await;
    server
}
