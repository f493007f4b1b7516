//! What is asked: from the arguments, from files, from standard input.

use std::fs::File;
use std::io::{self, IsTerminal as _, Read};
use std::path::Path;

use anyhow::{Context as _, bail};

use crate::args::RunArgs;

/// More than the API takes, so that it is the one to say how much is too much.
const MOST: u64 = 4 << 20;

/// What is asked, and below it what the files hold.
///
/// # Errors
/// When there is nothing to ask, or a file cannot be read as text.
pub(crate) fn read(args: &RunArgs) -> anyhow::Result<String> {
    let mut parts: Vec<String> = args.prompt.iter().cloned().collect();
    for file in &args.files {
        let text = if file == Path::new("-") {
            text(io::stdin().lock()).context("--file -")
        } else {
            let opened = File::open(file).map_err(anyhow::Error::from);
            opened
                .and_then(text)
                .with_context(|| format!("--file {}", file.display()))
        };
        parts.push(text?);
    }
    if parts.is_empty() {
        if io::stdin().is_terminal() {
            bail!(
                "there is nothing to ask: give a prompt, or a file with --file, or pipe one in, as in `longshore run \"Say hello\"`"
            );
        }
        parts.push(text(io::stdin().lock()).context("standard input")?);
    }
    Ok(parts.join("\n\n"))
}

fn text(source: impl Read) -> anyhow::Result<String> {
    let mut bytes = Vec::new();
    source.take(MOST).read_to_end(&mut bytes)?;
    String::from_utf8(bytes).context("it is no UTF-8 text")
}
