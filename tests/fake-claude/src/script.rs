//! The script in a prompt: `[[verb args]]` directives, played in order; the text around them does nothing.
//!
//! Arguments are `key=value` words and plain words. `once` among them plays a directive only at the first
//! attempt of an execution (by the witness, else by the session file), to script "crashes, then succeeds".
//!
//! | directive | plays |
//! | --- | --- |
//! | `text WORDS…` | an assistant text |
//! | `lines n=20 bytes=300 rate=10 turns=1` | n assistant texts of that many bytes, `n=<i> t=<unix µs> xxx…`; `turns=0`: one message id for all |
//! | `partials n=10 rate=10` | n text deltas and their assistant line; without `--include-partial-messages` the line only |
//! | `tool Bash {"command":"…"}` | runs it; any other tool has a made-up result |
//! | `sleep ms=500`, `hang` | silence; both can be interrupted |
//! | `deaf`, `ignore-signals` | from now on no interrupt request, no SIGTERM, SIGINT, SIGHUP |
//! | `crash`, `exit code=3 stderr=two_words` | ends at once, without a result |
//! | `noresult [exit]`, `linger`, `background` | no result line; no exit after the result; a second turn 300 ms after the first |
//! | `error subtype=error_max_turns`, `api status=429` | ends the turn with that result |
//! | `garbage`, `utf8`, `longline mib=17`, `stderr kib=100`, `close-stdout` | bad output |
//! | `daemon` | leaves a `sleep 300` behind, in a session of its own |
//! | `recall`, `env NAME`, `args`, `cwd`, `hash` | an assistant text that tells |

mod options;
mod verbs;

use std::time::Duration;

use serde_json::Value;

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Step {
    Text(String),
    Lines {
        n: u64,
        bytes: usize,
        rate: f64,
        one_message: bool,
    },
    Partials {
        n: u64,
        rate: f64,
    },
    Tool {
        name: String,
        input: Value,
    },
    Sleep(Duration),
    Hang,
    Deaf,
    IgnoreSignals,
    Crash,
    Exit {
        code: u8,
        stderr: String,
    },
    NoResult {
        exit: bool,
    },
    Linger,
    Background,
    Error {
        subtype: String,
    },
    Api {
        status: u16,
    },
    Garbage,
    Utf8,
    LongLine {
        bytes: usize,
    },
    Stderr {
        bytes: usize,
    },
    CloseStdout,
    Daemon,
    Recall,
    Env(String),
    Args,
    Cwd,
    Hash,
    /// A directive that is none, with what is wrong about it.
    Bad(String),
}

/// The steps of a prompt, none when it holds no directive; the attempt is asked for only where it matters.
pub(crate) fn parse(prompt: &str, attempt: &dyn Fn() -> usize) -> Option<Vec<Step>> {
    let mut steps = None;
    let mut rest = prompt;
    while let Some(start) = rest.find("[[") {
        rest = &rest[start + 2..];
        let end = rest.find(|c: char| !c.is_ascii_lowercase() && c != '-' && !c.is_ascii_digit());
        let verb = &rest[..end.unwrap_or(rest.len())];
        if !verb.starts_with(|c: char| c.is_ascii_lowercase()) {
            continue; // "[[1, 2]]" is somebody's text
        }
        let steps = steps.get_or_insert_with(Vec::new);
        let Some(length) = length(rest, verb == "tool") else {
            steps.push(Step::Bad(format!("[[{verb} has no end")));
            break;
        };
        let args = &rest[verb.len()..length];
        rest = &rest[length + 2..];
        match verbs::step(verb, args, attempt) {
            Ok(step) => steps.extend(step),
            Err(why) => steps.push(Step::Bad(format!("[[{verb}]]: {why}"))),
        }
    }
    steps
}

/// Up to the closing `]]`; brackets within a tool's JSON do not close.
fn length(directive: &str, json: bool) -> Option<usize> {
    let close = directive.find("]]")?;
    let Some(open) = directive.find('{').filter(|open| json && *open < close) else {
        return Some(close);
    };
    let mut values = serde_json::Deserializer::from_str(&directive[open..]).into_iter::<Value>();
    let after = match values.next() {
        Some(Ok(_)) => open + values.byte_offset(),
        _ => open,
    };
    directive[after..].find("]]").map(|close| after + close)
}

#[cfg(test)]
mod tests;
