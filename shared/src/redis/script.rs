//! The Lua scripts, one per operation, each compiled with the lifecycle's table and the shared prelude before it.

use redis::{Script, ScriptInvocation};
use uuid::Uuid;

use crate::id::{ExecutionId, ExecutionKey, SessionId};
use crate::lifecycle;

use super::Keys;

/// One handle per script.
pub(crate) struct Scripts {
    pub(crate) accept: Script,
    pub(crate) claim: Script,
    pub(crate) renew: Script,
    pub(crate) release: Script,
    pub(crate) finish: Script,
    pub(crate) cancel: Script,
    pub(crate) withdraw: Script,
    pub(crate) reap: Script,
    pub(crate) close: Script,
    pub(crate) of_session: Script,
    pub(crate) append: Script,
    pub(crate) read: Script,
    pub(crate) read_back: Script,
    pub(crate) sessions: SessionScripts,
    /// These three work on a set outside of any session's slot, and so without the prelude.
    pub(crate) due_add: Script,
    pub(crate) due_list: Script,
    pub(crate) due_drop: Script,
    /// And so do these, on one key each.
    pub(crate) turn: Script,
    pub(crate) take: Script,
    pub(crate) reserve_key: Script,
    pub(crate) hold_key: Script,
    pub(crate) settle_key: Script,
    pub(crate) free_key: Script,
    /// And these, on the fleet's slot.
    pub(crate) fleet_report: Script,
    pub(crate) fleet_leave: Script,
    pub(crate) fleet_workers: Script,
    pub(crate) fleet_count: Script,
    pub(crate) fleet_history: Script,
}

impl Scripts {
    pub(crate) fn new() -> Self {
        let prelude = lifecycle::as_lua() + include_str!("prelude.lua");
        let script = |body: &str| Script::new(&format!("{prelude}\n{body}"));
        Self {
            accept: script(include_str!("../store/accept.lua")),
            claim: script(include_str!("../store/claim.lua")),
            renew: script(include_str!("../store/renew.lua")),
            release: script(include_str!("../store/release.lua")),
            finish: script(include_str!("../store/finish.lua")),
            cancel: script(include_str!("../store/cancel.lua")),
            withdraw: script(include_str!("../store/withdraw.lua")),
            reap: script(include_str!("../store/reap.lua")),
            close: script(include_str!("../store/close.lua")),
            of_session: script(include_str!("../catalogue/of_session.lua")),
            append: script(include_str!("../event_log/append.lua")),
            read: script(include_str!("../event_log/read.lua")),
            read_back: script(include_str!("../event_log/read_back.lua")),
            sessions: SessionScripts::new(),
            due_add: Script::new(include_str!("../store/due_add.lua")),
            due_list: Script::new(include_str!("../store/due_list.lua")),
            due_drop: Script::new(include_str!("../store/due_drop.lua")),
            turn: Script::new(include_str!("../catalogue/turn.lua")),
            take: Script::new(include_str!("../rate_limit/take.lua")),
            reserve_key: Script::new(include_str!("../idempotency/reserve.lua")),
            hold_key: Script::new(include_str!("../idempotency/hold.lua")),
            settle_key: Script::new(include_str!("../idempotency/settle.lua")),
            free_key: Script::new(include_str!("../idempotency/free.lua")),
            fleet_report: Script::new(include_str!("../fleet/report.lua")),
            fleet_leave: Script::new(include_str!("../fleet/leave.lua")),
            fleet_workers: Script::new(include_str!("../fleet/workers.lua")),
            fleet_count: Script::new(include_str!("../fleet/count.lua")),
            fleet_history: Script::new(include_str!("../fleet/history.lua")),
        }
    }
}

/// A script that works on a session as a whole: it is given an execution that there is not.
pub(crate) fn on_session<'a>(
    script: &'a Script,
    keys: &Keys,
    session: SessionId,
) -> ScriptInvocation<'a> {
    let execution = ExecutionId(Uuid::nil());
    on(script, keys, ExecutionKey { session, execution })
}

/// The scripts of the index of sessions, which have a slot and a prelude of their own.
pub(crate) struct SessionScripts {
    pub(crate) touch: Script,
    pub(crate) list: Script,
    pub(crate) aged: Script,
    pub(crate) drop: Script,
    pub(crate) trim: Script,
}

impl SessionScripts {
    fn new() -> Self {
        let prelude = include_str!("../catalogue/sessions/prelude.lua");
        let script = |body: &str| Script::new(&format!("{prelude}\n{body}"));
        Self {
            touch: script(include_str!("../catalogue/sessions/touch.lua")),
            list: script(include_str!("../catalogue/sessions/list.lua")),
            aged: script(include_str!("../catalogue/sessions/aged.lua")),
            drop: script(include_str!("../catalogue/sessions/drop.lua")),
            trim: script(include_str!("../catalogue/sessions/trim.lua")),
        }
    }
}

/// A script with the keys and the first two arguments that all of them take.
pub(crate) fn on<'a>(script: &'a Script, keys: &Keys, key: ExecutionKey) -> ScriptInvocation<'a> {
    let mut invocation = script.prepare_invoke();
    invocation
        .key(keys.session(key.session))
        .key(keys.order(key.session))
        .key(keys.execution(key))
        .key(keys.log(key))
        .key(keys.accepted(key.session))
        .arg(keys.channel(key))
        .arg(key.execution.to_string());
    invocation
}
