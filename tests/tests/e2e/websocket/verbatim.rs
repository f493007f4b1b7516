//! What the CLI prints arrives byte for byte.

use std::os::unix::fs::PermissionsExt as _;

use futures_util::StreamExt as _;
use serde_json::Value;
use tests::process::PATIENCE;
use tests::server::{Server, Setup};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;

/// What the CLI prints is not read and written again on its way: no space, no digit and no escape of it changes.
async fn lines_arrive_byte_for_byte(server: Server, line: &str) -> Server {
    let (execution, _) = server.client().submit("anything").await;
    for client in [server.client(), server.other()] {
        let mut socket = client.socket(&execution, None).await;
        let mut texts = Vec::new();
        while let Some(Ok(message)) = timeout(PATIENCE, socket.next()).await.unwrap() {
            if let Message::Text(text) = message {
                texts.push(text.to_string());
            }
        }
        let data = format!(r#","data":{line}}}"#);
        assert!(texts.iter().any(|text| text.ends_with(&data)), "{texts:#?}");
        let frames = texts
            .iter()
            .map(|text| serde_json::from_str::<Value>(text).unwrap());
        let types: Vec<Value> = frames
            .filter(|frame| frame["type"] == "claude_message")
            .map(|frame| frame["data"]["type"].clone())
            .collect();
        assert_eq!(types, ["assistant", "from_the_future", "result"]);
        let page = format!("/api/v1/claude/executions/{execution}/events");
        let page = client
            .request(reqwest::Method::GET, &page)
            .send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap();
        assert!(page.contains(&data), "{page}");
        assert!(
            texts.last().unwrap().contains(r#""status":"completed""#),
            "{texts:#?}"
        );
    }
    server
}

/// Lines of the host protocol and an acknowledgement, which are not for clients; one of a type that nobody knows yet.
const OTHERS: &str = r#"{"type":"control_response","response":{"subtype":"success","request_id":"none"}}
{"type":"user","isReplay":true,"message":{"role":"user","content":"anything"}}
{"type":"from_the_future","of":1}"#;

/// A CLI that prints one odd line, then others, then a result.
struct OddCli {
    folder: tempfile::TempDir,
    line: String,
}

impl OddCli {
    fn new() -> Self {
        let line = concat!(
            r#"{ "type" : "assistant",  "b":1.00,"a":1e2 ,"a b":-0, "big":12345678901234567890123,"#,
            r#""text":"\u00e9é\/\u2028\u0000\u001b 😀\ud83d\ude00 end","empty":{ },"list":[ 1,2 , 3],"parent_tool_use_id":null,"#,
            r#""message":{"id":"m","role":"assistant","content":[]}	}"#
        );
        let result = r#"{"type":"result","subtype":"success","is_error":false,"result":"fine","num_turns":1,"session_id":"x"}"#;
        let folder = tempfile::tempdir().unwrap();
        let script = format!(
            "#!/bin/sh\nread -r prompt\ncat <<'EOF'\n{line}\n{OTHERS}\n{result}\nEOF\ncat >/dev/null\n"
        );
        let program = folder.path().join("claude");
        std::fs::write(&program, script).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        Self {
            folder,
            line: line.to_owned(),
        }
    }

    fn setup(&self) -> Setup {
        Setup {
            claude: self.folder.path().join("claude"),
            ..Setup::default()
        }
    }
}

#[tokio::test]
async fn lines_arrive_byte_for_byte_embedded() {
    let cli = OddCli::new();
    Server::embedded(cli.setup(), |server| {
        lines_arrive_byte_for_byte(server, &cli.line)
    })
    .await;
    tests::proved!(Memory, lines_arrive_byte_for_byte: "ws.frame.claude_message", "run.line");
}

#[tokio::test]
async fn lines_arrive_byte_for_byte_on_a_cluster() {
    let cli = OddCli::new();
    Server::cluster(cli.setup(), |server| async {
        let server = lines_arrive_byte_for_byte(server, &cli.line).await;
        tests::proved!(Cluster, lines_arrive_byte_for_byte: "ws.frame.claude_message", "run.line");
        server
    })
    .await;
}
