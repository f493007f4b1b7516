//! The command line, with the real CLI's flags and its refusals.

mod table;

use std::ffi::OsString;

use table::{MODES, SWITCHES, VALUED, VARIADIC};

/// The flags that change what the imitation does; the others are accepted and forgotten.
#[derive(Debug, Default)]
pub(crate) struct Flags {
    pub(crate) session_id: Option<String>,
    pub(crate) resume: Option<String>,
    pub(crate) model: Option<String>,
    pub(crate) permission_mode: Option<String>,
    /// `None` = no limit, which is also what the real CLI makes of `0` and of words.
    pub(crate) max_turns: Option<u32>,
    pub(crate) tools: Option<String>,
    pub(crate) partials: bool,
    pub(crate) replay: bool,
    pub(crate) forgetful: bool,
    verbose: bool,
    version: bool,
    formats: (String, String),
}

/// Why there is nothing to play.
#[derive(Debug)]
pub(crate) enum Early {
    Version,
    Refused(String),
}

type Words = std::iter::Peekable<std::vec::IntoIter<String>>;

pub(crate) fn parse(argv: impl Iterator<Item = OsString>) -> Result<Flags, Early> {
    let words = argv
        .map(|word| word.to_string_lossy().into_owned())
        .collect::<Vec<_>>();
    let mut words = words.into_iter().peekable();
    let mut flags = Flags::default();
    while let Some(word) = words.next() {
        // With --input-format stream-json a prompt in argv is ignored, as by the real CLI.
        if let Some(name) = long_name(&word) {
            flags.take(&word, &name, &mut words)?;
        }
    }
    flags.check()
}

fn long_name(word: &str) -> Option<String> {
    match word {
        "-p" => Some("print".into()),
        "-v" => Some("version".into()),
        "-r" => Some("resume".into()),
        "-" | "--" => None,
        _ => match word.strip_prefix("--") {
            Some(name) => Some(name.to_owned()),
            None => word.starts_with('-').then(|| word.to_owned()),
        },
    }
}

impl Flags {
    fn take(&mut self, word: &str, name: &str, words: &mut Words) -> Result<(), Early> {
        let (name, inline) = match name.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (name, None),
        };
        if VALUED.contains(&name) {
            let missing =
                || Early::Refused(format!("error: option '--{name} <value>' argument missing"));
            self.set(name, inline.or_else(|| words.next()).ok_or_else(missing)?)
        } else if VARIADIC.contains(&name) {
            let more = std::iter::from_fn(|| words.next_if(|word| !word.starts_with('-')));
            let value = inline.unwrap_or_else(|| more.collect::<Vec<_>>().join(","));
            self.set(name, value)
        } else if SWITCHES.contains(&name) && inline.is_none() {
            self.switch(name);
            Ok(())
        } else {
            Err(Early::Refused(format!("error: unknown option '{word}'")))
        }
    }

    fn set(&mut self, name: &str, value: String) -> Result<(), Early> {
        match name {
            "session-id" if uuid::Uuid::try_parse(&value).is_err() => {
                return Err(Early::Refused(
                    "Error: Invalid session ID. Must be a valid UUID.".into(),
                ));
            }
            "permission-mode" if !MODES.contains(&value.as_str()) => {
                return Err(Early::Refused(format!(
                    "error: option '--permission-mode <mode>' argument '{value}' is invalid. Allowed choices are {}.",
                    MODES.join(", ")
                )));
            }
            "session-id" => self.session_id = Some(value),
            "permission-mode" => self.permission_mode = Some(value),
            "resume" => self.resume = Some(value),
            "model" => self.model = Some(value),
            "tools" => self.tools = Some(value),
            "max-turns" => self.max_turns = limit(&value),
            "input-format" => self.formats.0 = value,
            "output-format" => self.formats.1 = value,
            _ => {}
        }
        Ok(())
    }

    fn switch(&mut self, name: &str) {
        match name {
            "include-partial-messages" => self.partials = true,
            "replay-user-messages" => self.replay = true,
            "no-session-persistence" => self.forgetful = true,
            "verbose" => self.verbose = true,
            "version" => self.version = true,
            _ => {}
        }
    }

    fn check(self) -> Result<Self, Early> {
        if self.version {
            return Err(Early::Version);
        }
        let refused = |why: &str| Err(Early::Refused(format!("Error: {why}")));
        if self.formats != ("stream-json".into(), "stream-json".into()) {
            return refused(
                "fake-claude plays only --input-format and --output-format stream-json",
            );
        }
        if !self.verbose {
            return refused("When using --print, --output-format=stream-json requires --verbose");
        }
        if self.session_id.is_some() && self.resume.is_some() {
            return refused(
                "--session-id can only be used with --continue or --resume if --fork-session is also specified.",
            );
        }
        Ok(self)
    }
}

/// `-1` stops after one message, `0` and words mean no limit: both are the real CLI's doing.
fn limit(value: &str) -> Option<u32> {
    match value.parse::<i64>() {
        Ok(0) | Err(_) => None,
        Ok(n) => Some(u32::try_from(n.max(1)).unwrap_or(u32::MAX)),
    }
}
