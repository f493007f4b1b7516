//! A stand-in for the CLI that costs next to nothing, so that what is measured is what runs it.
//!
//! It obeys two directives of the prompt, `[[lines n=20 bytes=300 rate=10 wait=2]]`, with a pause of so many seconds before
//! them, and `[[hang]]`, and nothing else: no file, no session, no signal. Each line is one write, as with the real CLI.

use std::io::{self, BufRead as _, Read as _, Write as _};
use std::str::FromStr;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

const INIT: &str = r#"{"type":"system","subtype":"init"}"#;
const RESULT: &str = r#"{"type":"result","subtype":"success","is_error":false,"num_turns":1,"duration_ms":1,"duration_api_ms":1,"total_cost_usd":0.0,"result":"done"}"#;

fn main() -> io::Result<()> {
    let (mut stdin, mut stdout) = (io::stdin().lock(), io::stdout());
    let mut prompt = String::new();
    stdin.read_line(&mut prompt)?;
    let stdout = &mut stdout;
    line(stdout, INIT)?;
    if let Some(lines) = directive(&prompt, "lines") {
        speak(stdout, lines)?;
    }
    if directive(&prompt, "hang").is_some() {
        stdin.read_line(&mut prompt)?;
    }
    line(stdout, RESULT)?;
    // The end of what it is asked, as with the real CLI.
    stdin.read_to_string(&mut prompt).map(drop)
}

fn speak(stdout: &mut io::Stdout, lines: &str) -> io::Result<()> {
    let bytes: usize = option(lines, "bytes").unwrap_or(300);
    let rate: f64 = option(lines, "rate").unwrap_or(0.0);
    pause(Duration::from_secs(option(lines, "wait").unwrap_or(0)));
    let began = Instant::now();
    for n in 1..=option(lines, "n").unwrap_or(20) {
        if rate > 0.0 {
            pause(
                Duration::from_secs(1)
                    .mul_f64(f64::from(n) / rate)
                    .saturating_sub(began.elapsed()),
            );
        }
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .as_micros();
        let text = format!("n={n} t={now} ");
        line(
            stdout,
            &format!(
                r#"{{"type":"assistant","message":{{"id":"msg_1","type":"message","role":"assistant","content":[{{"type":"text","text":"{text:x<bytes$}"}}]}},"parent_tool_use_id":null}}"#
            ),
        )?;
    }
    Ok(())
}

fn line(stdout: &mut io::Stdout, text: &str) -> io::Result<()> {
    stdout.write_all(format!("{text}\n").as_bytes())?;
    stdout.flush()
}

#[expect(
    clippy::disallowed_methods,
    reason = "a program with one thread, and nothing to await"
)]
fn pause(time: Duration) {
    std::thread::sleep(time);
}

/// What stands behind the verb of a directive.
fn directive<'a>(prompt: &'a str, verb: &str) -> Option<&'a str> {
    let (_, rest) = prompt.split_once(&format!("[[{verb}"))?;
    rest.split_once("]]").map(|(options, _)| options)
}

fn option<T: FromStr>(options: &str, name: &str) -> Option<T> {
    let mut words = options.split_whitespace();
    words.find_map(|word| word.strip_prefix(name)?.strip_prefix('=')?.parse().ok())
}
