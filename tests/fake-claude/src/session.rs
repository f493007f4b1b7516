//! The session's memory: a JSONL file where the real CLI keeps its own, and what it tells about earlier turns.

mod file;

use std::collections::HashSet;
use std::path::PathBuf;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::config::Config;
use crate::flags::Flags;
use crate::shape;

pub(crate) struct Session {
    pub(crate) id: String,
    pub(crate) cwd: String,
    /// `None` when nothing is to be saved.
    path: Option<PathBuf>,
    prompts: Vec<(String, String)>,
    answered: HashSet<String>,
    /// Tool results since the newest prompt.
    tools_done: usize,
    parent: Option<String>,
}

/// Why the process refuses to start; both end in exit 1.
pub(crate) enum Refusal {
    InUse(String),
    Unknown(String),
}

/// Where a user line with that uuid stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    New,
    /// Begun by a process that did not live to answer it.
    Interrupted,
    Answered,
}

impl Session {
    pub(crate) fn open(flags: &Flags, config: &Config) -> Result<Self, Refusal> {
        let cwd = std::env::current_dir().unwrap_or_default();
        let cwd = cwd.to_string_lossy().into_owned();
        let folder = config.claude_dir.as_ref().map(|dir| {
            let projects = dir.join("projects");
            projects.join(file::folder(&cwd))
        });
        let path_of = |id: &str| Some(folder.as_ref()?.join(format!("{id}.jsonl")));
        match &flags.resume {
            Some(path) if path.ends_with(".jsonl") => Self::resume(None, cwd, Some(path.into())),
            Some(id) => Self::resume(Some(id), cwd, path_of(id)),
            None => {
                let made_up = || Uuid::new_v4().to_string();
                let id = flags.session_id.clone().unwrap_or_else(made_up);
                Self::create(path_of(&id).filter(|_| !flags.forgetful), id, cwd)
            }
        }
    }

    /// Without an id the file tells it, and where there is no file the real CLI makes one up to name.
    fn resume(id: Option<&str>, cwd: String, path: Option<PathBuf>) -> Result<Self, Refusal> {
        let entries = path.as_deref().map(file::entries).unwrap_or_default();
        let held = || file::session(&entries);
        let id = id.map(str::to_owned).or_else(held);
        let id = id.unwrap_or_else(|| Uuid::new_v4().to_string());
        if entries.is_empty() {
            return Err(Refusal::Unknown(id));
        }
        Ok(Self::remember(id, cwd, path, &entries))
    }

    fn create(path: Option<PathBuf>, id: String, cwd: String) -> Result<Self, Refusal> {
        if path.as_ref().is_some_and(|path| path.exists()) {
            return Err(Refusal::InUse(id));
        }
        Ok(Self::remember(id, cwd, path, &[]))
    }

    fn remember(id: String, cwd: String, path: Option<PathBuf>, entries: &[Value]) -> Self {
        let mut session = Self {
            id,
            cwd,
            path,
            prompts: Vec::new(),
            answered: HashSet::new(),
            tools_done: 0,
            parent: None,
        };
        for entry in entries {
            session.learn(entry);
        }
        session
    }

    /// A prompt's content is a string; entries with blocks are tool calls, their results, or what ends a turn.
    fn learn(&mut self, entry: &Value) {
        let uuid = entry["uuid"].as_str().unwrap_or_default().to_owned();
        let content = &entry["message"]["content"];
        let block = content[0]["type"].as_str();
        match (entry["type"].as_str(), content.as_str()) {
            (Some("user"), Some(text)) => {
                self.prompts.push((uuid.clone(), text.to_owned()));
                self.tools_done = 0;
            }
            (Some("assistant"), None) if block == Some("tool_use") => {}
            (Some("user"), None) if block == Some("tool_result") => self.tools_done += 1,
            (Some("user" | "assistant"), None) => {
                self.answered
                    .insert(entry["parentUuid"].as_str().unwrap_or_default().to_owned());
            }
            _ => {}
        }
        self.parent = Some(uuid);
    }

    pub(crate) fn standing(&self, uuid: &str) -> Standing {
        if !self.prompts.iter().any(|(known, _)| known == uuid) {
            Standing::New
        } else if self.answered.contains(uuid) {
            Standing::Answered
        } else {
            Standing::Interrupted
        }
    }

    /// The prompts so far, oldest first.
    pub(crate) fn prompts(&self) -> impl ExactSizeIterator<Item = &str> {
        self.prompts.iter().map(|(_, text)| text.as_str())
    }

    /// The newest prompt, if the process that began it did not live to answer it.
    pub(crate) fn unanswered(&self) -> Option<(String, String)> {
        self.prompts
            .last()
            .filter(|(uuid, _)| !self.answered.contains(uuid))
            .cloned()
    }

    /// How many tools of the newest prompt have answered, by this process or an earlier one.
    pub(crate) fn tools_done(&self) -> usize {
        self.tools_done
    }

    /// A tool call or its result.
    pub(crate) fn tool(&mut self, role: &str, uuid: &str, block: &Value) {
        self.append(role, uuid, json!({"role": role, "content": [block]}));
    }

    pub(crate) fn prompt(&mut self, uuid: &str, text: &str) {
        self.append("user", uuid, json!({"role": "user", "content": text}));
    }

    /// Ends the turn of the newest prompt, with an answer or with the remark why there is none.
    pub(crate) fn answer(&mut self, role: &str, text: &str) {
        self.parent = self.prompts.last().map(|(uuid, _)| uuid.clone());
        let content = json!([{"type": "text", "text": text}]);
        self.append(
            role,
            &Uuid::new_v4().to_string(),
            json!({"role": role, "content": content}),
        );
    }

    fn append(&mut self, kind: &str, uuid: &str, message: Value) {
        let entry = json!({
            "type": kind, "uuid": uuid, "parentUuid": self.parent, "message": message,
            "sessionId": self.id, "cwd": self.cwd, "version": shape::VERSION,
            "isSidechain": false, "userType": "external", "timestamp": shape::timestamp(),
        });
        if let Some(path) = &self.path {
            // An unwritable home loses the session silently, as with the real CLI.
            let _ = file::append(path, &entry);
        }
        self.learn(&entry);
    }
}
