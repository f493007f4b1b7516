//! Settings that all programs share. The environment and the arguments are read here and in the other `config.rs`.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use clap::error::ErrorKind;
use clap::{Args, Parser, ValueEnum};

use crate::store::Retention;
use crate::tls::TlsSettings;

mod secret_files;

/// A setting that cannot be used; says which and why, in one line.
#[derive(Debug, thiserror::Error)]
#[error("{setting}: {reason}")]
pub struct InvalidSetting {
    setting: String,
    reason: String,
}

impl InvalidSetting {
    /// `setting` is the flag's name, as in `--redis-url`.
    pub fn new(setting: impl fmt::Display, reason: impl fmt::Display) -> Self {
        Self {
            setting: setting.to_string(),
            reason: reason.to_string(),
        }
    }
}

/// Where RabbitMQ and Redis are.
#[derive(Debug, Clone, Args)]
pub struct ClusterSettings {
    /// RabbitMQ; several hosts of a cluster with commas between them, and amqps for TLS
    #[arg(
        long,
        env = "LONGSHORE_AMQP_URL",
        value_name = "URL",
        default_value = "amqp://guest:guest@127.0.0.1:5672/%2f",
        hide_env_values = true
    )]
    pub amqp_url: String,

    /// Redis: redis://host, redis+sentinel://host,host/master or redis+cluster://host,host, and rediss for TLS
    #[arg(
        long,
        env = "LONGSHORE_REDIS_URL",
        value_name = "URL",
        default_value = "redis://127.0.0.1:6379",
        hide_env_values = true
    )]
    pub redis_url: String,

    /// Prefix of every key, channel, queue and exchange
    #[arg(long, env = "LONGSHORE_NAMESPACE", value_name = "NAME", default_value = "longshore", value_parser = namespace)]
    pub namespace: String,

    /// How they are known, where their addresses say TLS.
    #[command(flatten)]
    pub tls: TlsSettings,
}

/// How long records are kept.
#[derive(Debug, Clone, Args)]
pub struct RetentionSettings {
    /// How long an ended execution's record and events are kept
    #[arg(long, env = "LONGSHORE_RETENTION", value_name = "DURATION", default_value = "24h", value_parser = duration)]
    pub retention: Duration,

    /// How long a session is kept after its last activity
    #[arg(long, env = "LONGSHORE_SESSION_RETENTION", value_name = "DURATION", default_value = "30d", value_parser = duration)]
    pub session_retention: Duration,

    /// Events kept of one execution, or a few more; older ones make room
    #[arg(long, env = "LONGSHORE_MAX_EVENTS", value_name = "COUNT", default_value = "10000", value_parser = clap::value_parser!(u32).range(100..))]
    pub max_events: u32,
}

impl From<&RetentionSettings> for Retention {
    fn from(settings: &RetentionSettings) -> Self {
        Self {
            execution: settings.retention,
            session: settings.session_retention,
            max_events: settings.max_events as usize,
        }
    }
}

/// What is logged and how.
#[derive(Debug, Clone, Args)]
pub struct LogSettings {
    /// What is logged: a level, or `target=level` pairs separated by commas
    #[arg(long, env = "LONGSHORE_LOG", value_name = "FILTER", default_value = "info", value_parser = log_filter)]
    pub log: String,

    /// How it is written; without it text on a terminal, else JSON
    #[arg(long, env = "LONGSHORE_LOG_FORMAT", value_name = "FORMAT")]
    pub log_format: Option<LogFormat>,

    /// Collector that spans are sent to, as OTLP over HTTP; empty: nowhere
    #[arg(
        long,
        env = "OTEL_EXPORTER_OTLP_ENDPOINT",
        value_name = "URL",
        default_value = "",
        hide_default_value = true,
        hide_env_values = true
    )]
    pub otlp_endpoint: String,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One object a line.
    Json,
}

/// Parses a program's arguments and environment, and the files that hold its secrets; on a wrong one prints one line that
/// says which and why, and exits with code 2.
#[must_use]
pub fn parse<T: Parser>() -> T {
    let (command, unread) = secret_files::read(T::command());
    let parsed = command.try_get_matches().and_then(|mut matches| {
        if let Some(error) = unread.needed_by(&matches) {
            refuse(error);
        }
        T::from_arg_matches_mut(&mut matches)
    });
    parsed.unwrap_or_else(|error| match error.kind() {
        ErrorKind::DisplayHelp
        | ErrorKind::DisplayVersion
        | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => error.exit(),
        _ => refuse(one_line(&error.to_string())),
    })
}

/// Ends the program for a setting that cannot be used.
pub fn refuse(reason: impl fmt::Display) -> ! {
    eprintln!("error: {reason}");
    std::process::exit(2);
}

/// The first paragraph of clap's message, which says which argument is wrong and why, as one line.
fn one_line(message: &str) -> String {
    let paragraph = message.split("\n\n").next().unwrap_or(message);
    let words: Vec<&str> = paragraph.split_whitespace().collect();
    words.join(" ").trim_start_matches("error: ").to_owned()
}

/// A duration as people write it: `90s`, `30m`, `1h30m`, `2d`. A bare number has no unit and is refused.
///
/// # Errors
/// When the text is none, or is not above zero.
pub fn duration(text: &str) -> Result<Duration, String> {
    const WANTED: &str = "a duration like 90s, 30m or 24h is needed";
    let signed: jiff::SignedDuration = text
        .parse()
        .or_else(|_| days(text))
        .map_err(|_| WANTED.to_owned())?;
    let duration = Duration::try_from(signed).map_err(|_| WANTED.to_owned())?;
    if duration.is_zero() {
        Err("the duration must be above zero".to_owned())
    } else {
        Ok(duration)
    }
}

/// Days are no fixed length in jiff's durations; here they are 24 hours.
fn days(text: &str) -> Result<jiff::SignedDuration, ()> {
    let days: i64 = text
        .strip_suffix('d')
        .ok_or(())?
        .trim()
        .parse()
        .map_err(|_| ())?;
    let hours = days
        .checked_mul(24)
        .filter(|hours| *hours < 24 * 36_500)
        .ok_or(())?;
    Ok(jiff::SignedDuration::from_hours(hours))
}

/// An address to listen at.
///
/// # Errors
/// When the text is no address.
pub fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse()
        .map_err(|_| "an address like 127.0.0.1:8080 is needed".to_owned())
}

/// Tool rules of the CLI, such as `Bash(git log, git diff:*)`, in the order given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ToolList(pub Vec<String>);

/// A list of tool rules, separated by the commas outside parentheses.
///
/// # Errors
/// When a parenthesis has no counterpart.
pub fn tool_list(text: &str) -> Result<ToolList, String> {
    let (mut rules, mut depth) = (vec![String::new()], 0_usize);
    for c in text.chars() {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.checked_sub(1).ok_or("a `)` without its `(`")?,
            _ => {}
        }
        match (c, depth, rules.last_mut()) {
            (',', 0, _) => rules.push(String::new()),
            (c, _, Some(rule)) => rule.push(c),
            _ => {}
        }
    }
    if depth > 0 {
        return Err("a `(` without its `)`".to_owned());
    }
    let rules = rules
        .iter()
        .map(|rule| rule.trim().to_owned())
        .filter(|rule| !rule.is_empty());
    Ok(ToolList(rules.collect()))
}

fn namespace(text: &str) -> Result<String, String> {
    let fits = (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
    if fits {
        Ok(text.to_owned())
    } else {
        Err("1 to 64 letters, digits, dots, dashes and underscores are needed".to_owned())
    }
}

fn log_filter(text: &str) -> Result<String, String> {
    tracing_subscriber::EnvFilter::try_new(text)
        .map(|_| text.to_owned())
        .map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_a_unit() {
        for (text, seconds) in [
            ("90s", 90),
            ("30m", 1800),
            ("1h30m", 5400),
            ("24h", 86_400),
            ("30d", 2_592_000),
        ] {
            assert_eq!(duration(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        for bad in ["", "90", "-5s", "0s", "s", "1 fortnight", "99999999999999d"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn claps_message_becomes_one_line() {
        let message = "error: invalid value 'x' for '--slots <COUNT>': not a\n  number\n\nFor more information, try '--help'.\n";
        assert_eq!(
            one_line(message),
            "invalid value 'x' for '--slots <COUNT>': not a number"
        );
    }

    #[test]
    fn tool_rules_may_hold_commas_inside_parentheses() {
        let list = tool_list("Read, Bash(git log, git diff:*),Edit,").unwrap();
        assert_eq!(list.0, ["Read", "Bash(git log, git diff:*)", "Edit"]);
        assert!(tool_list("Bash(x").is_err() && tool_list("x)").is_err());
        assert_eq!(tool_list("").unwrap(), ToolList::default());
    }
}
