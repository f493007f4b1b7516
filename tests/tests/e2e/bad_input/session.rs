//! The session that a request names.

use reqwest::StatusCode;
use serde_json::json;
use tests::server::{Server, Setup};
use uuid::Uuid;

use super::EXECUTE;

over_every_server! { Setup::default() =>
    a_session_must_be_known_in_its_workspace: [
        "execute.session_id.unknown", "format.id.either-case", "format.id.lower",
    ],
}

async fn a_session_must_be_known_in_its_workspace(server: Server) -> Server {
    let (first, session) = server.client().submit("[[text fine]]").await;
    server.client().watch(&first).await;
    let turn = |workspace: &str, session: &str| json!({ "workspace_id": workspace, "prompt": "[[text fine]]", "session_id": session });
    let unknown = Uuid::new_v4().to_string();
    for body in [
        turn("demo", &unknown),
        turn("other", &session),
        // Workspaces are told apart by case, and executions are no sessions.
        turn("Demo", &session),
        turn("demo", &first),
    ] {
        let answer = server.other().post(EXECUTE, &body).await;
        assert_eq!(
            (answer.status, answer.code()),
            (StatusCode::NOT_FOUND, "SESSION_NOT_FOUND"),
            "{body}"
        );
    }
    let (second, same) = server
        .other()
        .execute(&turn("demo", &session.to_uppercase()))
        .await;
    assert_eq!(same, session, "ids are shown in lower case");
    assert_eq!(
        server.client().watch(&second.to_uppercase()).await.status(),
        "completed"
    );
    assert_eq!(
        server.client().execution(&second.to_uppercase()).await["session_id"],
        session.as_str()
    );
    server
}
