//! Verbs that tell what the process was given: its arguments, environment, folder, prompt and memory.

use super::Player;
use crate::config;
use crate::script::Step;

impl Player<'_> {
    /// The text, when the step is one of these.
    pub(super) fn report(&self, step: &Step) -> Option<String> {
        Some(match step {
            Step::Recall => self.recall(),
            Step::Env(name) => config::variable(name).unwrap_or_else(|| "(unset)".into()),
            Step::Args => {
                let argv = std::env::args_os().map(|word| word.to_string_lossy().into_owned());
                serde_json::Value::from_iter(argv).to_string()
            }
            Step::Cwd => self.claude.session.cwd.clone(),
            Step::Hash => {
                let prompt = self.turn.prompt.as_bytes();
                format!("bytes={} fnv={:016x}", prompt.len(), crate::fnv1a(prompt))
            }
            _ => return None,
        })
    }

    fn recall(&self) -> String {
        let prompts = self.claude.session.prompts();
        let earlier = prompts.len().saturating_sub(1);
        let lines = prompts
            .take(earlier)
            .enumerate()
            .map(|(i, text)| format!("\n{}. {text}", i + 1));
        format!("Earlier prompts: {earlier}{}", lines.collect::<String>())
    }
}
