//! The environment of the CLI and of all it starts.

use std::collections::BTreeMap;
use std::ffi::OsString;

use super::Spec;
use super::marks::{ATTEMPT, EXECUTION, PROCESS, WORKER, this_process};
use super::secrets;

/// What we choose where the operator did not.
const DEFAULTS: [(&str, &str); 8] = [
    ("DISABLE_AUTOUPDATER", "1"),
    ("DISABLE_TELEMETRY", "1"),
    ("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1"),
    // The CLI's own ten retries take three minutes, even of an expired key.
    ("CLAUDE_CODE_MAX_RETRIES", "3"),
    ("API_TIMEOUT_MS", "120000"),
    // Else the transcript is written after the result, and may be cut.
    ("CLAUDE_CODE_EAGER_FLUSH", "1"),
    // Else `@path` in a prompt reads that file, without asking.
    ("CLAUDE_CODE_DISABLE_ATTACHMENTS", "1"),
    // Its memory would outlive the run in no place that we keep.
    ("CLAUDE_CODE_DISABLE_AUTO_MEMORY", "1"),
];

/// Makes the CLI finish the turn that the transcript breaks off in: without it a prompt that it has seen is passed over.
/// Only for the same prompt: else it would first finish an earlier one, whose end is on record.
const CONTINUE: &str = "CLAUDE_CODE_RESUME_INTERRUPTED_TURN";

/// The whole environment; nothing else is inherited.
pub(super) fn environment(spec: &Spec<'_>) -> BTreeMap<OsString, OsString> {
    let folder = spec.folder;
    let defaults = DEFAULTS.map(|(name, value)| (name.into(), value.into()));
    let ours = [
        ("HOME", folder.home().into_os_string()),
        ("CLAUDE_CONFIG_DIR", folder.config().into_os_string()),
        ("CLAUDE_CODE_TMPDIR", folder.tmp().into()),
        ("TMPDIR", folder.tmp().into()),
        (EXECUTION, spec.job.execution_id.to_string().into()),
        (ATTEMPT, spec.mark().value().into()),
        (WORKER, spec.worker_id.into()),
        (PROCESS, this_process().into()),
    ];
    let ours = ours.map(|(name, value)| (name.into(), value));
    let continues = spec.resume.is_some_and(|resume| resume.continues);
    let continuing = continues.then(|| (CONTINUE.into(), "1".into()));
    let secrets = spec.settings.claude_secrets.as_deref().map(secrets::read);
    defaults
        .into_iter()
        .chain(spec.settings.environment())
        .chain(secrets.into_iter().flatten())
        .chain(ours)
        .chain(continuing)
        .collect()
}
