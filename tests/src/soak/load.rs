//! The work: clients that submit one thing after the other and watch each to its end, whatever happens meanwhile.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::task::{JoinError, JoinHandle, JoinSet};
use tokio::time::sleep;

use super::Shared;
use crate::reconnecting::{Followed, follow_on};

/// For one execution, faults included; and for one request to be answered by whichever API.
const PATIENCE: Duration = Duration::from_secs(240);

/// Between two tries.
const PAUSE: Duration = Duration::from_millis(200);

/// What came of it.
#[derive(Debug, Default)]
pub(super) struct Done {
    pub(super) accepted: Vec<String>,
    /// Requests that were refused or not answered, and tried again.
    pub(super) tried_again: usize,
    /// Streams that were watched to their end.
    pub(super) watched: usize,
    pub(super) connections: usize,
    pub(super) gaps: usize,
    /// What was wrong with the others.
    pub(super) errors: Vec<String>,
}

pub(super) struct Work {
    clients: JoinSet<Done>,
}

pub(super) fn start(shared: &Arc<Shared>, clients: usize, seed: u64) -> Work {
    let mut set = JoinSet::new();
    for n in 0..clients {
        let random = fastrand::Rng::with_seed(seed.wrapping_add(n as u64 + 1));
        set.spawn(client(Arc::clone(shared), n, random));
    }
    Work { clients: set }
}

impl Work {
    /// Waits until every client is done with what it has begun.
    pub(super) async fn finish(self) -> Done {
        let mut all = Done::default();
        for done in self.clients.join_all().await {
            all.accepted.extend(done.accepted);
            all.tried_again += done.tried_again;
            all.watched += done.watched;
            all.connections += done.connections;
            all.gaps += done.gaps;
            all.errors.extend(done.errors);
        }
        all
    }
}

async fn client(shared: Arc<Shared>, n: usize, mut random: fastrand::Rng) -> Done {
    let mut done = Done::default();
    let mut session: Option<Session> = None;
    for round in 0.. {
        if shared.is_over() {
            return done;
        }
        let key = format!("soak-{n}-{round}");
        let (body, cancels) = work(&mut random, session.as_ref());
        let Some(accepted) = submit(&shared, &key, &body, &mut random, &mut done).await else {
            session = None; // It may have been closed or forgotten; the next one begins anew.
            continue;
        };
        let execution = accepted["execution_id"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        done.accepted.push(execution.clone());
        session = random.bool().then(|| Session {
            id: accepted["session_id"].clone(),
            workspace: body["workspace_id"].clone(),
        });
        let watching = watch(&shared, &execution, &mut random);
        if cancels {
            sleep(Duration::from_millis(random.u64(..2000))).await;
            cancel(&shared, &execution, &mut random).await;
        }
        match watching.await {
            Ok(followed) => {
                done.watched += 1;
                done.connections += followed.connections;
                done.gaps += followed.gaps;
            }
            Err(error) => done
                .errors
                .push(format!("{execution}: {}", complaint(error))),
        }
    }
    done
}

/// One that is continued.
struct Session {
    id: Value,
    workspace: Value,
}

/// A request, and whether it is to be cancelled: what it asks for has no end of its own.
fn work(random: &mut fastrand::Rng, session: Option<&Session>) -> (Value, bool) {
    let prompts = [
        "[[text hello]]",
        "[[lines n=20 rate=20]]",
        "[[lines n=60 rate=15 bytes=2000]]",
        r#"[[tool Bash {"command":"sleep 1; echo made"}]][[text done]]"#,
        r#"[[tool Bash {"command":"true"}]][[lines n=30 rate=10]]"#,
        "[[partials n=30 rate=20]]",
        "[[daemon]][[text left something]]",
        "[[exit code=3 stderr=sorry]]",
        "[[text waits]][[hang]]",
    ];
    let chosen = random.usize(..prompts.len());
    let loss = ["auto", "retry", "fail"][random.usize(..3)];
    let mut body = json!({
        "workspace_id": format!("w{}", random.u8(..4)), "prompt": prompts[chosen],
        "on_worker_loss": loss, "stream": random.bool(), "timeout_seconds": 120,
    });
    if let Some(session) = session {
        body["session_id"] = session.id.clone();
        body["workspace_id"] = session.workspace.clone();
    }
    (body, chosen == prompts.len() - 1)
}

/// Asks until somebody accepts it; `None` where it is refused for good, or the soak is over before.
async fn submit(
    shared: &Shared,
    key: &str,
    body: &Value,
    random: &mut fastrand::Rng,
    done: &mut Done,
) -> Option<Value> {
    loop {
        let replica = shared.replica(random);
        match replica.try_execute_once(key, body).await {
            Some(answer) if answer.status == 202 => return Some(answer.body),
            Some(answer) if answer.status == 404 => return None,
            Some(answer) if answer.status != 503 && answer.status != 409 => {
                done.errors.push(format!("{key}: {:?}", answer.body));
                return None;
            }
            _ => done.tried_again += 1,
        }
        sleep(PAUSE).await;
    }
}

fn watch(
    shared: &Arc<Shared>,
    execution: &str,
    random: &mut fastrand::Rng,
) -> JoinHandle<Followed> {
    let (shared, execution) = (Arc::clone(shared), execution.to_owned());
    let mut random = random.fork();
    tokio::spawn(
        async move { follow_on(|| shared.replica(&mut random), &execution, PATIENCE).await },
    )
}

/// A stream that breaks a promise is a panic of its reader.
fn complaint(error: JoinError) -> String {
    match error
        .try_into_panic()
        .map(|panic| panic.downcast::<String>())
    {
        Ok(Ok(text)) => text.chars().take(300).collect(),
        Ok(Err(_)) => "it panicked".to_owned(),
        Err(error) => error.to_string(),
    }
}

async fn cancel(shared: &Shared, execution: &str, random: &mut fastrand::Rng) {
    let path = format!("/api/v1/claude/executions/{execution}/cancel");
    loop {
        let replica = shared.replica(random);
        let answer = replica.try_post(&path).await;
        if answer.is_some_and(|status| status.is_success() || status == 409) {
            return;
        }
        sleep(PAUSE).await;
    }
}
