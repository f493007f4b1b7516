//! What comes before the first prompt: the witness, or a refusal.

use crate::config::Config;
use crate::flags::Flags;
use crate::output::{Output, complain};
use crate::session::{Refusal, Session};
use crate::shape;
use crate::shape::result::{Numbers, Outcome};
use crate::witness::Witness;

pub(super) fn witness(config: &Config, session: &Session) -> Option<Witness> {
    let dir = config.witness.as_ref()?;
    Witness::start(dir, config.execution.as_deref(), &session.id)
        .inspect_err(|e| complain(&format!("fake-claude: no witness: {e}")))
        .ok()
}

pub(super) fn refuse(refusal: Refusal, flags: &Flags) -> u8 {
    match refusal {
        Refusal::InUse(id) => complain(&format!("Error: Session ID {id} is already in use.")),
        Refusal::Unknown(id) => {
            let why = format!("No conversation found with session ID: {id}");
            let outcome = Outcome {
                subtype: "error_during_execution".into(),
                is_error: true,
                stop_reason: None,
                terminal_reason: None,
                said: Err(why.clone()),
                api_error_status: None,
            };
            let line = shape::result::line(&outcome, &Numbers::default(), shape::model(flags));
            Output::new(&id).event(line);
            complain(&why);
        }
    }
    1
}
