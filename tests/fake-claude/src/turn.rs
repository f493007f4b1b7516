//! One turn: `init`, what the script says, `result`.

mod endings;
mod faults;
mod reports;
mod speech;
mod tools;

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use uuid::Uuid;

use crate::claude::{Claude, Stop};
use crate::inbox::Prompt;
use crate::script::{self, Step};
use crate::session::Standing;
use crate::shape;
use crate::shape::result::Spent;

/// How long after the first result a `[[background]]` turn begins.
const BACKGROUND: Duration = Duration::from_millis(300);

/// What is known of the turn being played.
struct Turn {
    prompt: String,
    began: Instant,
    first_text: Option<Duration>,
    messages: u32,
    spent: Spent,
    /// The last assistant text, which the result repeats.
    said: String,
    /// The text streamed so far of a block that has had no line of its own yet, and its message.
    unsaid: Option<(String, String)>,
    tool_open: bool,
    /// The last number of `[[lines]]` and `[[partials]]`.
    line: u64,
    background: bool,
}

/// A turn at work.
struct Player<'a> {
    claude: &'a mut Claude,
    turn: Turn,
}

impl Claude {
    pub(crate) fn turn(&mut self, prompt: Prompt) -> Result<(), Stop> {
        let uuid = prompt.uuid.unwrap_or_else(|| Uuid::new_v4().to_string());
        let standing = self.session.standing(&uuid);
        let again = standing == Standing::Interrupted && self.config.resume_interrupted;
        let played = standing == Standing::New || again;
        if played {
            self.out.event(shape::init(&self.flags, &self.session));
        }
        if self.flags.replay {
            self.acknowledge(&uuid, &prompt.message);
        }
        if !played {
            return Ok(());
        }
        if standing == Standing::New {
            self.session.prompt(&uuid, &prompt.text);
        }
        let attempt = || match &self.witness {
            Some(witness) => witness.attempt(),
            None => 1 + usize::from(again),
        };
        let done = if again { self.session.tools_done() } else { 0 };
        let steps = script::parse(&prompt.text, &attempt).map(|steps| rest(steps, done));
        let mut player = Player {
            turn: Turn::new(prompt.text),
            claude: self,
        };
        let ended = player.script(steps);
        let background = player.end(ended)?;
        if background {
            self.background_turn()
        } else {
            Ok(())
        }
    }

    /// Its uuid is the client's, unlike that of any other line.
    fn acknowledge(&mut self, uuid: &str, message: &Value) {
        self.out.line(&json!({
            "type": "user", "message": message, "session_id": self.session.id, "uuid": uuid,
            "parent_tool_use_id": null, "timestamp": shape::timestamp(), "isReplay": true,
        }));
    }

    fn background_turn(&mut self) -> Result<(), Stop> {
        match self.pause(BACKGROUND) {
            Err(Stop::Interrupted) | Ok(()) => {}
            stop => return stop,
        }
        self.out.event(shape::init(&self.flags, &self.session));
        let mut player = Player {
            turn: Turn::new(String::new()),
            claude: self,
        };
        let ended = player.say(&["The background task is done."]);
        player.end(ended).map(drop)
    }
}

/// What is left to play of a turn that goes on: what follows the last tool whose result the session has.
fn rest(mut steps: Vec<Step>, done: usize) -> Vec<Step> {
    let tools = steps.iter().enumerate();
    let mut tools = tools.filter(|(_, step)| matches!(step, Step::Tool { .. }));
    let last = done.checked_sub(1).and_then(|n| tools.nth(n));
    match last.map(|(place, _)| place) {
        Some(place) => steps.split_off(place + 1),
        None => steps,
    }
}

impl Turn {
    fn new(prompt: String) -> Self {
        Self {
            prompt,
            began: Instant::now(),
            first_text: None,
            messages: 0,
            spent: Spent::default(),
            said: String::new(),
            unsaid: None,
            tool_open: false,
            line: 0,
            background: false,
        }
    }
}

impl Player<'_> {
    fn script(&mut self, steps: Option<Vec<Step>>) -> Result<(), Stop> {
        let Some(steps) = steps else {
            return self.converse();
        };
        for step in steps {
            self.claude.pause(Duration::ZERO)?;
            self.step(step)?;
        }
        Ok(())
    }

    fn step(&mut self, step: Step) -> Result<(), Stop> {
        match step {
            Step::Text(text) => self.say(&[&text]),
            Step::Lines {
                n,
                bytes,
                rate,
                one_message,
            } => self.lines(n, bytes, rate, one_message),
            Step::Partials { n, rate } => self.partials(n, rate),
            Step::Tool { name, input } => self.tool(&name, &input),
            Step::Sleep(time) => self.claude.pause(time),
            Step::Hang => self.hang(),
            Step::NoResult { exit: true } => Err(Stop::Leave(0)),
            Step::NoResult { exit: false } => Err(Stop::NoResult),
            Step::Exit { code, stderr } => Self::exit(code, &stderr),
            Step::Error { subtype } => Err(Stop::Failed(subtype)),
            Step::Api { status } => Err(Stop::Api(status)),
            Step::Background => {
                self.turn.background = true;
                Ok(())
            }
            Step::Bad(why) => self.say(&[&format!("fake-claude does not understand {why}")]),
            step => match self.report(&step) {
                Some(text) => self.say(&[&text]),
                None => {
                    self.fault(step);
                    Ok(())
                }
            },
        }
    }

    fn hang(&mut self) -> Result<(), Stop> {
        loop {
            self.claude.await_event(None)?;
        }
    }
}
