//! The CLI's stdin: written beside everything else, because a CLI that does not read must not hold us up.

use tokio::io::AsyncWriteExt;
use tokio::process::ChildStdin;
use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;

/// An open stdin; dropped: closed, and what is not yet written is not written any more.
pub(super) struct Stdin {
    lines: mpsc::UnboundedSender<Vec<u8>>,
    _writer: AbortOnDropHandle<()>,
}

impl Stdin {
    pub(super) fn new(pipe: ChildStdin) -> Self {
        // Unbounded, but only ever given two lines: the prompt and an interrupt.
        let (lines, queue) = mpsc::unbounded_channel();
        Self {
            lines,
            _writer: AbortOnDropHandle::new(tokio::spawn(write(pipe, queue))),
        }
    }

    /// Hands over a line; it is written when the lines before it are.
    pub(super) fn send(&self, line: Vec<u8>) {
        // Only a CLI that closed its stdin does not get it, and that shows in other ways.
        let _ = self.lines.send(line);
    }
}

async fn write(mut pipe: ChildStdin, mut queue: mpsc::UnboundedReceiver<Vec<u8>>) {
    while let Some(line) = queue.recv().await {
        if let Err(error) = pipe.write_all(&line).await {
            tracing::debug!(%error, "the CLI does not read its stdin");
            return;
        }
    }
}
