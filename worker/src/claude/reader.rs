//! Reads the CLI's output to its end and passes it on.

use tokio::io::AsyncRead;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::io::InspectReader;

use super::LineSink;
use super::seen::Seen;
use crate::stream_json::{InvalidLine, Lines, peek};

/// Reads until the end, or until a line that cannot be passed on.
pub(super) async fn read(
    stdout: Option<impl AsyncRead + Unpin>,
    sink: &mut dyn LineSink,
    seen: &watch::Sender<Seen>,
) {
    let invalid = match stdout {
        Some(stdout) => pass_on(stdout, sink, seen).await.err(),
        None => None,
    };
    seen.send_modify(|seen| {
        seen.invalid_line = invalid;
        seen.ended = Some(Instant::now());
    });
}

async fn pass_on(
    stdout: impl AsyncRead + Unpin,
    sink: &mut dyn LineSink,
    seen: &watch::Sender<Seen>,
) -> Result<(), InvalidLine> {
    // A long line takes its time, and is no silence meanwhile.
    let stdout = InspectReader::new(stdout, |_: &[u8]| {
        seen.send_if_modified(|seen| {
            seen.last_activity = Instant::now();
            false
        });
    });
    let mut lines = Lines::new(stdout);
    loop {
        let line = match lines.next().await {
            Ok(Some(line)) => line?,
            Ok(None) => return Ok(()),
            Err(error) => {
                tracing::warn!(%error, "the CLI's output cannot be read");
                return Ok(());
            }
        };
        let peek = match peek(line.text) {
            Ok(peek) => peek,
            // Whoever was killed in the middle of a line printed nothing wrong.
            Err(_) if line.unfinished => return Ok(()),
            Err(invalid) => return Err(invalid),
        };
        seen.send_if_modified(|seen| {
            seen.delivering = true;
            false
        });
        sink.line(line.text, &peek).await;
        seen.send_if_modified(|seen| {
            seen.delivering = false;
            seen.last_activity = Instant::now();
            seen.note(line.text, &peek)
        });
    }
}
