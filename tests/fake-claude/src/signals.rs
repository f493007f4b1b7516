//! SIGTERM and SIGHUP end the process with the real CLI's exit codes, SIGINT interrupts the turn.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;

use nix::sys::signal::{SigSet, Signal};

use crate::inbox::Event;

/// A flag for the whole process, as the disposition it stands for is one.
static IGNORED: AtomicBool = AtomicBool::new(false);

fn set() -> SigSet {
    SigSet::from_iter([Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP])
}

/// Blocks the signals in this thread and those it starts, and takes them in a thread of their own.
pub(crate) fn watch(events: Sender<Event>) {
    if set().thread_block().is_ok() {
        std::thread::spawn(move || {
            while let Ok(signal) = set().wait() {
                take(signal, &events);
            }
        });
    }
}

fn take(signal: Signal, events: &Sender<Event>) {
    match signal {
        _ if IGNORED.load(Ordering::Relaxed) => {}
        Signal::SIGINT => _ = events.send(Event::Sigint),
        // 143 and 129, exit codes and not signal deaths; a running tool is left alone.
        _ => std::process::exit(128 + signal as i32),
    }
}

pub(crate) fn ignore() {
    IGNORED.store(true, Ordering::Relaxed);
}

/// A tool starts with no signal blocked; called between fork and exec.
pub(crate) fn unblock() -> nix::Result<()> {
    set().thread_unblock()
}
