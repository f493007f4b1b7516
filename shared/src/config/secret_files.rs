//! Secrets by file: what orchestrators mount, and what nobody reads off a process list.
#![expect(
    clippy::disallowed_methods,
    reason = "this file is part of where the environment is read"
)]

use std::path::Path;

use clap::builder::StyledStr;
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command, Id};

use super::InvalidSetting;

/// Longer than any address or key.
const MOST: u64 = 64 * 1024;

/// Every setting that holds a secret may also be given by a file, which a variable names: its own name with `_FILE` at the
/// end. Reads those files.
pub(super) fn read(command: Command) -> (Command, Unread) {
    let mut unread = Unread::default();
    let command = in_every_command(command, &mut |arg| {
        let Some(variable) = secret(&arg) else {
            return arg;
        };
        let by_file = format!("{variable}_FILE");
        let help = arg.get_help().map(StyledStr::to_string).unwrap_or_default();
        let arg = arg.help(format!("{help} [or by file: {by_file}]"));
        match given_by_file(&variable, &by_file) {
            Ok(Some(text)) => arg.default_value(text).hide_default_value(true),
            Ok(None) => arg,
            Err(error) => {
                unread.0.push((arg.get_id().clone(), error));
                arg
            }
        }
    });
    (command, unread)
}

/// Settings whose files cannot be used, or whose own variables are set too. That matters only to who needs them: not to
/// another subcommand, to `--help`, or where the flag is given.
#[derive(Default)]
pub(super) struct Unread(Vec<(Id, InvalidSetting)>);

impl Unread {
    /// The first that the command needs which was asked for.
    pub(super) fn needed_by(self, matches: &ArgMatches) -> Option<InvalidSetting> {
        let mut unread = self.0.into_iter();
        unread.find_map(|(id, error)| needs(matches, id.as_str()).then_some(error))
    }
}

fn needs(matches: &ArgMatches, id: &str) -> bool {
    let here = matches.try_contains_id(id).is_ok()
        && matches.value_source(id) != Some(ValueSource::CommandLine);
    here || matches
        .subcommand()
        .is_some_and(|(_, inner)| needs(inner, id))
}

fn in_every_command(command: Command, change: &mut impl FnMut(Arg) -> Arg) -> Command {
    let command = command.mut_args(&mut *change);
    command.mut_subcommands(|inner| in_every_command(inner, change))
}

/// The variable of a setting whose value nobody is shown.
fn secret(arg: &Arg) -> Option<String> {
    let variable = arg.get_env()?.to_str()?;
    arg.is_hide_env_values_set().then(|| variable.to_owned())
}

fn given_by_file(variable: &str, by_file: &str) -> Result<Option<String>, InvalidSetting> {
    let Some(file) = std::env::var_os(by_file).filter(|file| !file.is_empty()) else {
        return Ok(None);
    };
    if std::env::var_os(variable).is_some() {
        let both = format_args!("{variable} is set too, and one is needed");
        return Err(InvalidSetting::new(by_file, both));
    }
    let text = text_of(Path::new(&file)).map_err(|why| InvalidSetting::new(by_file, why))?;
    Ok(Some(text))
}

fn text_of(file: &Path) -> Result<String, String> {
    let wrong = |why: String| format!("{}: {why}", file.display());
    let length = std::fs::metadata(file).map_err(|error| wrong(error.to_string()))?;
    if length.len() > MOST {
        return Err(wrong("is too long for a secret".to_owned()));
    }
    let text = std::fs::read_to_string(file).map_err(|error| wrong(error.to_string()))?;
    match text.trim_end_matches(['\n', '\r']) {
        "" => Err(wrong("is empty".to_owned())),
        text => Ok(text.to_owned()),
    }
}
