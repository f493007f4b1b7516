//! The process from its start to its exit: prompts are played one after the other, requests answered in between.

mod start;

use std::time::{Duration, Instant};

use serde_json::json;

use crate::config::Config;
use crate::flags::Flags;
use crate::inbox::{Event, Inbox, Prompt};
use crate::output::{Output, complain};
use crate::session::Session;
use crate::shape::result::Spent;
use crate::witness::Witness;
use crate::{shape, signals};

pub(crate) struct Claude {
    pub(crate) flags: Flags,
    pub(crate) config: Config,
    pub(crate) session: Session,
    pub(crate) out: Output,
    pub(crate) inbox: Inbox,
    pub(crate) witness: Option<Witness>,
    pub(crate) spent: Spent,
    /// The last result was an error: exit 1.
    pub(crate) failed: bool,
    /// From now on no interrupt request is noticed.
    pub(crate) deaf: bool,
    /// EOF is no reason to exit.
    pub(crate) lingers: bool,
    /// How the tool that runs ended, once it has.
    pub(crate) tool_ended: Option<Option<std::process::ExitStatus>>,
    heard: bool,
    /// SIGINT was taken: no further line is awaited, and the exit is 0 whatever the last result was.
    quits: bool,
}

/// Why what is going on does not go on.
#[derive(Debug)]
pub(crate) enum Stop {
    Interrupted,
    Leave(u8),
    MaxTurns(u32),
    NoResult,
    Failed(String),
    Api(u16),
}

pub(crate) fn run(flags: Flags, config: Config) -> u8 {
    let inbox = Inbox::open();
    signals::watch(inbox.sender.clone());
    let session = match Session::open(&flags, &config) {
        Ok(session) => session,
        Err(refusal) => return start::refuse(refusal, &flags),
    };
    inbox.read_stdin();
    let mut claude = Claude {
        out: Output::new(&session.id),
        witness: start::witness(&config, &session),
        flags,
        config,
        session,
        inbox,
        spent: Spent::default(),
        failed: false,
        deaf: false,
        lingers: false,
        tool_ended: None,
        heard: false,
        quits: false,
    };
    let code = claude.serve();
    if let Some(witness) = &mut claude.witness {
        witness.stop();
    }
    code
}

impl Claude {
    /// Plays what is asked until there is nothing left; the exit code.
    fn serve(&mut self) -> u8 {
        loop {
            let done = match self.inbox.queue.pop_front() {
                Some(prompt) => self.turn(prompt),
                None if self.inbox.eof => self.at_eof(),
                None => self.await_event(None).map(drop),
            };
            if let Err(Stop::Leave(code)) = done {
                return code;
            }
        }
    }

    fn at_eof(&mut self) -> Result<(), Stop> {
        let unanswered = self
            .session
            .unanswered()
            .filter(|_| !self.heard && self.config.resume_interrupted);
        if let Some((uuid, text)) = unanswered {
            let message = json!({"role": "user", "content": text});
            return self.turn(Prompt {
                uuid: Some(uuid),
                text,
                message,
            });
        }
        if self.lingers {
            return self.await_event(None).map(drop);
        }
        Err(Stop::Leave((self.failed && !self.quits).into()))
    }

    /// Silence for that long, in which requests are answered.
    pub(crate) fn pause(&mut self, time: Duration) -> Result<(), Stop> {
        let until = Instant::now().checked_add(time);
        while self.await_event(until)? {}
        Ok(())
    }

    /// Waits for one event and heeds it; false when the time is up.
    pub(crate) fn await_event(&mut self, until: Option<Instant>) -> Result<bool, Stop> {
        match self.inbox.next(until) {
            Some(event) => self.heed(event).map(|()| true),
            None => Ok(false),
        }
    }

    fn heed(&mut self, event: Event) -> Result<(), Stop> {
        match event {
            Event::Prompt(prompt) => {
                self.heard = true;
                self.inbox.queue.push_back(prompt);
            }
            Event::Control { id, subtype } => return self.answer(&id, &subtype),
            Event::Bad(why) => {
                complain(&why);
                return Err(Stop::Leave(1));
            }
            Event::Eof => self.inbox.eof = true,
            Event::Sigint => {
                self.inbox.eof = true;
                self.quits = true;
                return Err(Stop::Interrupted);
            }
            Event::ToolEnded(status) => self.tool_ended = Some(status),
        }
        Ok(())
    }

    fn answer(&mut self, id: &str, subtype: &str) -> Result<(), Stop> {
        if subtype == "interrupt" && self.deaf {
            return Ok(());
        }
        self.out.line(&shape::control_response(id, subtype));
        match subtype {
            "interrupt" => Err(Stop::Interrupted),
            "end_session" => Err(Stop::Leave(0)),
            _ => Ok(()),
        }
    }
}
