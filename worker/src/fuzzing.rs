//! What holds for any bytes whatever that the CLI may print. The target in `fuzz/` searches for bytes for which it does
//! not; the test below tries some.

use std::io;

use futures_util::{FutureExt, stream};
use serde_json::value::RawValue;
use tokio_util::io::StreamReader;

use crate::stream_json::{InvalidLine, Lines, peek};

/// Output, after a byte that says in pieces of which length it arrives: its lines are the same as those of the whole, and
/// a line is taken if it is a JSON object.
pub fn stream_json(bytes: &[u8]) {
    let Some((piece, output)) = bytes.split_first() else {
        return;
    };
    let whole = lines(output, output.len().max(1));
    assert_eq!(lines(output, usize::from(*piece).max(1)), whole);
    for line in whole.into_iter().flatten() {
        assert!(!line.contains('\n') && !line.trim_ascii().is_empty());
        let json = serde_json::from_str::<&RawValue>(&line);
        let is_object = json.is_ok_and(|json| json.get().starts_with('{'));
        assert_eq!(peek(&line).is_ok(), is_object, "{line}");
    }
}

fn lines(output: &[u8], piece: usize) -> Vec<Result<String, InvalidLine>> {
    let pieces = output.chunks(piece).map(Ok::<_, io::Error>);
    let mut lines = Lines::new(StreamReader::new(stream::iter(pieces)));
    let all = async {
        let mut all = Vec::new();
        while let Some(line) = lines.next().await.expect("nothing fails here") {
            let line = line.map(|line| line.text.to_owned());
            let failed = line.is_err();
            all.push(line);
            if failed {
                break; // The rest is of no use.
            }
        }
        all
    };
    all.now_or_never().expect("nothing waits here")
}

#[cfg(test)]
mod tests {
    use tests::mutants::{mutants, seeds};

    #[test]
    fn output_is_read_or_refused() {
        mutants(&seeds("stream_json"), super::stream_json);
    }
}
