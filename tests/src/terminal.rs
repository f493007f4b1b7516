//! A program on a terminal of its own.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Child, Command, ExitStatus};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use nix::pty::{Winsize, openpty};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::time::{sleep, timeout};

use crate::process::PATIENCE;

/// Ends with its program when dropped.
pub struct Terminal {
    child: Child,
    keys: File,
    shown: Arc<Mutex<String>>,
}

impl Terminal {
    /// Starts a program on a terminal of 100 columns, with nothing but the given environment.
    ///
    /// # Panics
    /// When the system gives no terminal, or the program cannot be started.
    #[must_use]
    pub fn start(program: &Path, args: &[&str], environment: &[(&str, &str)]) -> Self {
        let size = Winsize {
            ws_row: 40,
            ws_col: 100,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        let pty = openpty(Some(&size), None).expect("a terminal");
        let side = || File::from(pty.slave.try_clone().expect("a file"));
        let child = Command::new(program)
            .args(args)
            .env_clear()
            .env("TERM", "xterm-256color")
            .envs(environment.iter().copied())
            .stdin(side())
            .stdout(side())
            .stderr(side())
            .spawn()
            .expect("it starts");
        let shown = Arc::default();
        collect(File::from(pty.master.try_clone().expect("a file")), &shown);
        Self {
            child,
            keys: File::from(pty.master),
            shown,
        }
    }

    /// Types something.
    ///
    /// # Panics
    /// When the terminal is gone.
    pub fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).expect("it is there");
    }

    /// What Ctrl-C does.
    ///
    /// # Panics
    /// When the program is gone.
    pub fn interrupt(&self) {
        let pid = i32::try_from(self.child.id()).expect("an id");
        kill(Pid::from_raw(pid), Signal::SIGINT).expect("it is there");
    }

    /// All that was written to it.
    ///
    /// # Panics
    /// Never: no reader panics.
    #[must_use]
    pub fn shown(&self) -> String {
        self.shown.lock().expect("no reader panics").clone()
    }

    /// Waits until that is shown; answers what comes right behind it, up to white space.
    ///
    /// # Panics
    /// When it is not in time.
    pub async fn word_after(&self, mark: &str) -> String {
        let looking = async {
            loop {
                let shown = self.shown();
                let rest = shown.split_once(mark).map(|(_, rest)| rest);
                let word = rest.and_then(|rest| rest.split_once(char::is_whitespace));
                if let Some((word, _)) = word {
                    return word.to_owned();
                }
                sleep(Duration::from_millis(20)).await;
            }
        };
        let found = timeout(PATIENCE, looking).await;
        found.unwrap_or_else(|_| panic!("{mark:?} is not shown: {}", self.shown()))
    }

    /// Waits until that is shown.
    ///
    /// # Panics
    /// When it is not in time.
    pub async fn shows(&self, text: &str) {
        let looking = async {
            while !self.shown().contains(text) {
                sleep(Duration::from_millis(20)).await;
            }
        };
        let found = timeout(PATIENCE, looking).await;
        assert!(found.is_ok(), "{text:?} is not shown: {}", self.shown());
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// When it does not end in time.
    pub async fn exit(&mut self) -> ExitStatus {
        let waiting = async {
            loop {
                if let Some(status) = self.child.try_wait().expect("it is a child") {
                    return status;
                }
                sleep(Duration::from_millis(20)).await;
            }
        };
        let ended = timeout(PATIENCE, waiting).await;
        ended.expect("it ends in time")
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Keeps what is shown; the thread ends with the terminal.
fn collect(mut master: File, shown: &Arc<Mutex<String>>) {
    let shown = Arc::clone(shown);
    std::thread::spawn(move || {
        let mut bytes = [0; 4096];
        while let Ok(count) = master.read(&mut bytes) {
            if count == 0 {
                return;
            }
            let text = String::from_utf8_lossy(&bytes[..count]).into_owned();
            shown.lock().expect("no reader panics").push_str(&text);
        }
    });
}
