//! What the lists promise.

use longshore_shared::backends::Backends;
use longshore_shared::catalogue::{ExecutionQuery, Reach, SessionQuery};
use longshore_shared::execution::Execution;
use longshore_shared::id::SessionId;
use longshore_shared::job::Job;
use longshore_shared::session::{Session, SessionMode};

use crate::engines::job;

mod executions;
mod janitor;
mod leftovers;
mod moving;
mod of_session;
mod raw;
mod retention;
mod sessions;

/// A pending execution of a new session in a workspace.
pub(crate) async fn accepted_in(on: &Backends, workspace: &str) -> Job {
    let mut job = job(SessionId::generate());
    job.workspace_id = workspace.parse().unwrap();
    on.store.accept(&job, SessionMode::Begin).await.unwrap();
    job
}

pub(crate) fn only(workspaces: &[&str]) -> Reach {
    Reach::Only(workspaces.iter().map(|id| id.parse().unwrap()).collect())
}

pub(crate) fn all_executions(limit: usize) -> ExecutionQuery {
    ExecutionQuery {
        reach: Reach::All,
        session: None,
        status: None,
        after: None,
        limit,
    }
}

pub(crate) fn all_sessions(limit: usize) -> SessionQuery {
    SessionQuery {
        reach: Reach::All,
        status: None,
        after: None,
        limit,
    }
}

/// Everything that a query lists, page after page.
pub(crate) async fn walk_executions(on: &Backends, mut query: ExecutionQuery) -> Vec<Execution> {
    let mut listed = Vec::new();
    loop {
        let page = on.catalogue.executions(&query).await.unwrap();
        assert!(page.executions.len() <= query.limit);
        listed.extend(page.executions);
        // As a client gives it back.
        query.after = page.next.map(|next| next.to_string().parse().unwrap());
        if query.after.is_none() {
            return listed;
        }
    }
}

/// Everything that a query lists, page after page.
pub(crate) async fn walk_sessions(on: &Backends, mut query: SessionQuery) -> Vec<Session> {
    let mut listed = Vec::new();
    loop {
        let page = on.catalogue.sessions(&query).await.unwrap();
        assert!(page.sessions.len() <= query.limit);
        listed.extend(page.sessions);
        query.after = page.next.map(|next| next.to_string().parse().unwrap());
        if query.after.is_none() {
            return listed;
        }
    }
}
