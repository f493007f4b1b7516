//! One execution, from its claim to its end.

use longshore_shared::error::LeaseError;
use longshore_shared::execution::{Ending, ErrorCode, ExecutionError};
use longshore_shared::job::Job;
use longshore_shared::metrics::{ATTEMPTS, EXECUTION_DURATION, EXECUTIONS_ENDED};
use longshore_shared::retry::Backoff;
use longshore_shared::store::{Claimed, Lease};
use tokio::time::Instant;
use tracing::{Instrument as _, debug_span, error, info, warn};

use crate::checkpoint::{self, Course};
use crate::claude::{self, Limits, RunFolder, Spec, Stop};
use crate::context::Context;
use crate::conversation::Conversation;
use crate::lease;
use crate::outcome;
use crate::publisher::{Lost, Published, Publisher};
use crate::running::Handle;
use crate::stream::Stream;

/// What became of a claimed execution.
pub(crate) enum Ran {
    /// Its end is stored; the session's next job, for the queue.
    Ended(Option<Box<Job>>),
    /// The worker stops, or its lease is lost: its end is another's to store, or is stored already.
    BrokenOff {
        /// So it may have changed the world.
        tool_used: bool,
    },
}

/// Runs a claimed execution to its end and stores it. The lease was asked for at `asked`.
///
/// When the lease is lost on the way, everything is stopped and nothing is stored.
pub(crate) async fn run(context: &Context, job: &Job, claimed: &Claimed, asked: Instant) -> Ran {
    info!(attempt = claimed.lease.attempt, "running");
    note_start(context, job, claimed);
    let (handle, _entered) = context.running.enter(job.key());
    let keep = lease::keep(
        &context.backends,
        &claimed.lease,
        context.settings.lease,
        asked,
        &handle,
    );
    let work = run_leased(context, job, claimed, asked, &handle);
    tokio::pin!(keep, work);
    tokio::select! {
        ran = &mut work => ran,
        () = &mut keep => work.await, // Lost; the run was told, and ends by itself.
    }
}

async fn run_leased(
    context: &Context,
    job: &Job,
    claimed: &Claimed,
    asked: Instant,
    handle: &Handle,
) -> Ran {
    let log = context.backends.log.clone();
    let publisher = Publisher::start(log, claimed.lease.clone(), handle.clone());
    let attempt = attempt(context, job, claimed, handle, &publisher)
        .await
        .unwrap_or_else(Attempt::failed);
    let broken_off = Ran::BrokenOff {
        tool_used: attempt.tool_used,
    };
    // Also of a run that is handed back: whether a tool was used decides what becomes of it.
    let Ok(published) = publisher.close().await else {
        return broken_off;
    };
    let Some(mut ending) = attempt.ending else {
        return broken_off;
    };
    // One that slept did not see a run end by itself: the guard killed it.
    if context.pulse.slept_since(asked) {
        return broken_off;
    }
    ending.after = published.last();
    let transcript = attempt.transcript.as_deref();
    match end(context, job, claimed, ending.clone(), transcript, published).await {
        Ok(next) => {
            note_end(context, &ending, asked);
            Ran::Ended(next)
        }
        Err(Lost) => {
            handle.stop(Stop::LeaseLost);
            broken_off
        }
    }
}

/// Stores the end, and removes the transcripts that nobody needs after it.
async fn end(
    context: &Context,
    job: &Job,
    claimed: &Claimed,
    ending: Ending,
    transcript: Option<&str>,
    published: Published,
) -> Result<Option<Box<Job>>, Lost> {
    let finished = finish(context, &claimed.lease, ending, transcript, Some(published));
    let next = finished.instrument(debug_span!("finish")).await?;
    let conversation = Conversation::of(context, job, claimed);
    conversation.prune(transcript).await;
    Ok(next)
}

fn note_start(context: &Context, job: &Job, claimed: &Claimed) {
    ATTEMPTS.add(1);
    let is_first = claimed.lease.attempt == 1;
    let waited = is_first.then(|| job.accepted_at.age());
    context.tallies.started(waited);
}

/// Logs and counts an end that is stored.
fn note_end(context: &Context, ending: &Ending, asked: Instant) {
    let status = ending.kind.status();
    let code = ending.error.as_ref().map(|error| error.code);
    info!(%status, code = code.map(tracing::field::debug), "ended");
    let code = code.and_then(|code| serde_json::to_value(code).ok());
    let code = code.as_ref().and_then(serde_json::Value::as_str);
    EXECUTIONS_ENDED.count([
        ("status", status.as_str()),
        ("code", code.unwrap_or_default()),
    ]);
    EXECUTION_DURATION.took(asked.elapsed());
    context.tallies.ended(ending, Some(asked.elapsed()));
}

/// What one attempt leaves.
struct Attempt {
    /// `None`: it was broken off, and its end is another's to store.
    ending: Option<Ending>,
    transcript: Option<String>,
    tool_used: bool,
}

impl Attempt {
    fn failed(error: ExecutionError) -> Self {
        Self {
            ending: Some(Ending::failed(error)),
            transcript: None,
            tool_used: false,
        }
    }
}

/// Prepares the folders, runs the CLI, saves its transcript.
async fn attempt(
    context: &Context,
    job: &Job,
    claimed: &Claimed,
    handle: &Handle,
    publisher: &Publisher,
) -> Result<Attempt, ExecutionError> {
    let preparing = context.workspaces.prepare(&job.workspace_id);
    let workspace = preparing.instrument(debug_span!("prepare")).await?;
    let attempt = claimed.lease.attempt;
    let folder = RunFolder::create(context.runs.path(), job.key(), attempt).map_err(no_folder)?;
    let conversation = Conversation::of(context, job, claimed);
    let restoring = conversation.restore(&folder);
    let resume = restoring.instrument(debug_span!("restore")).await?;
    let spec = Spec {
        job,
        attempt,
        settings: &context.settings.claude,
        limits: Limits::of(job, &context.settings.claude),
        workspace: &workspace,
        folder: &folder,
        resume: resume.as_ref(),
        worker_id: &context.id,
        frozen: handle.frozen.subscribe(),
    };
    let mut stream = Stream::new(publisher, job, claimed, handle);
    let course = Course {
        milestones: stream.milestones(),
        recorded: publisher.recorded(),
        stop: handle.stop.subscribe(),
    };
    let running = async move {
        let report = claude::run(spec, handle.stop.subscribe(), &mut stream).await;
        drop(stream); // With this the checkpoints end.
        report
    };
    let (report, ()) = tokio::join!(
        running.instrument(debug_span!("claude")),
        checkpoint::keep(conversation, &folder, course),
    );
    let tool_used = report.tool_used;
    if report.is_handed_back() {
        return Ok(Attempt {
            ending: None,
            transcript: None,
            tool_used,
        });
    }
    let saving = conversation.save(&folder);
    Ok(Attempt {
        ending: Some(outcome::decide(&report)),
        transcript: saving.instrument(debug_span!("save")).await,
        tool_used,
    })
}

fn no_folder(cause: std::io::Error) -> ExecutionError {
    error!(%cause, "no folder for the run");
    ExecutionError::new(
        ErrorCode::CliStartFailed,
        "the worker could not make a private folder for the run",
    )
}

/// Stores an end until the store has it: a result that exists is not given up for an outage. Whoever has published events
/// before it can append again what the log has lost of them.
pub(crate) async fn finish(
    context: &Context,
    lease: &Lease,
    mut ending: Ending,
    transcript: Option<&str>,
    mut published: Option<Published>,
) -> Result<Option<Box<Job>>, Lost> {
    let store = &context.backends.store;
    let mut backoff = Backoff::default();
    loop {
        match store.finish(lease, &ending, transcript).await {
            Ok(next) => return Ok(next.map(Box::new)),
            Err(LeaseError::Lost) => return Err(Lost),
            Err(LeaseError::Behind(top)) => {
                if let Some(published) = &mut published {
                    published.again(top).await?;
                }
                ending.after = None; // There is no more that it could be given.
                continue;
            }
            Err(LeaseError::Unavailable(error)) => {
                warn!(%error, "cannot store the end; will try again")
            }
        }
        tokio::time::sleep(backoff.next_delay()).await;
    }
}
