//! The CLI's stderr: read for ever, so that it never holds the CLI, and its last 4 KiB kept.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::process::ChildStderr;
use tokio_util::task::AbortOnDropHandle;

/// How much is kept.
const KEPT: usize = 4 << 10;

/// What is read at once: it is seldom more than a line, and every run has the room for it.
const CHUNK: usize = 512;

/// How long to wait for its end once all processes are gone; only a process that escaped can keep it open.
const PATIENCE: Duration = Duration::from_millis(500);

pub(super) struct Stderr {
    tail: Arc<Mutex<Vec<u8>>>,
    reader: AbortOnDropHandle<()>,
}

impl Stderr {
    pub(super) fn new(pipe: ChildStderr) -> Self {
        let tail = Arc::new(Mutex::new(Vec::new()));
        let reader = AbortOnDropHandle::new(tokio::spawn(read(pipe, Arc::clone(&tail))));
        Self { tail, reader }
    }

    /// The tail, with what is no UTF-8 replaced.
    pub(super) async fn finish(mut self) -> String {
        // Either way the tail is what there is.
        let _ = tokio::time::timeout(PATIENCE, &mut self.reader).await;
        let tail = self.tail.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&tail).into_owned()
    }
}

async fn read(mut pipe: ChildStderr, tail: Arc<Mutex<Vec<u8>>>) {
    let mut chunk = [0; CHUNK];
    while let Ok(count @ 1..) = pipe.read(&mut chunk).await {
        let mut tail = tail.lock().unwrap_or_else(PoisonError::into_inner);
        tail.extend_from_slice(&chunk[..count]);
        let excess = tail.len().saturating_sub(KEPT);
        tail.drain(..excess);
    }
}
