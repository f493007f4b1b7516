//! From a verb and its arguments to the step they mean.

use std::time::Duration;

use super::Step;
use super::options::Options;

/// `None`: it was to be played once, and that was earlier.
pub(super) fn step(
    verb: &str,
    args: &str,
    attempt: &dyn Fn() -> usize,
) -> Result<Option<Step>, String> {
    match verb {
        "text" => return Ok(Some(Step::Text(args.trim().to_owned()))),
        "tool" => return tool(args).map(Some),
        _ => {}
    }
    let mut options = Options::parse(args);
    let again = options.word("once") && attempt() > 1;
    let step = scalar(verb, &mut options)?;
    options.finish()?;
    Ok((!again).then_some(step))
}

fn scalar(verb: &str, options: &mut Options) -> Result<Step, String> {
    Ok(match verb {
        "lines" => Step::Lines {
            n: options.value("n", 20)?,
            bytes: options.value("bytes", 300)?,
            rate: options.value("rate", 0.0)?,
            one_message: options.value("turns", 1)? == 0,
        },
        "partials" => Step::Partials {
            n: options.value("n", 10)?,
            rate: options.value("rate", 0.0)?,
        },
        "sleep" => Step::Sleep(Duration::from_millis(options.value("ms", 500)?)),
        "exit" => Step::Exit {
            code: options.value("code", 0)?,
            stderr: options.value("stderr", String::new())?.replace('_', " "),
        },
        "noresult" => Step::NoResult {
            exit: options.word("exit"),
        },
        "error" => Step::Error {
            subtype: options.value("subtype", "error_during_execution".into())?,
        },
        "api" => Step::Api {
            status: options.value("status", 500)?,
        },
        "longline" => Step::LongLine {
            bytes: options.value("mib", 17)? << 20,
        },
        "stderr" => Step::Stderr {
            bytes: options.value("kib", 100)? << 10,
        },
        "env" => Step::Env(options.any_word().ok_or("which variable?")?.to_owned()),
        _ => return bare(verb),
    })
}

fn bare(verb: &str) -> Result<Step, String> {
    Ok(match verb {
        "hang" => Step::Hang,
        "deaf" => Step::Deaf,
        "ignore-signals" => Step::IgnoreSignals,
        "crash" => Step::Crash,
        "linger" => Step::Linger,
        "background" => Step::Background,
        "garbage" => Step::Garbage,
        "utf8" => Step::Utf8,
        "close-stdout" => Step::CloseStdout,
        "daemon" => Step::Daemon,
        "recall" => Step::Recall,
        "args" => Step::Args,
        "cwd" => Step::Cwd,
        "hash" => Step::Hash,
        _ => return Err("there is no such directive".into()),
    })
}

fn tool(args: &str) -> Result<Step, String> {
    let args = args.trim();
    let (name, json) = args.split_once(char::is_whitespace).unwrap_or((args, "{}"));
    let input = serde_json::from_str(json).map_err(|e| e.to_string())?;
    match name {
        "" => Err("which tool?".into()),
        _ => Ok(Step::Tool {
            name: name.to_owned(),
            input,
        }),
    }
}
