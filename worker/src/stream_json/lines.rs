//! Splits a byte stream into lines of bounded length.

use std::io;
use std::ops::Range;

use memchr::memchr;
use tokio::io::{AsyncRead, AsyncReadExt};

use super::InvalidLine;

/// Longest line taken: the CLI was seen to print 4 MB, and repeats images and long texts in full.
pub(crate) const LONGEST: usize = 16 << 20;

/// The buffer's usual size, a pipe's; longer lines let it grow for as long as they last.
const USUAL: usize = 64 << 10;

/// One line without its end.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Line<'a> {
    pub(crate) text: &'a str,
    /// The stream ended before the line did: what it holds may be cut.
    pub(crate) unfinished: bool,
}

/// The lines of a stream, split at `\n` only; blank ones are skipped.
pub(crate) struct Lines<R> {
    reader: R,
    /// `buffer[start..]` is read but not handed out; `buffer[start..searched]` holds no line end.
    buffer: Vec<u8>,
    start: usize,
    searched: usize,
    ended: bool,
}

impl<R: AsyncRead + Unpin> Lines<R> {
    pub(crate) fn new(reader: R) -> Self {
        Self {
            reader,
            buffer: Vec::with_capacity(USUAL),
            start: 0,
            searched: 0,
            ended: false,
        }
    }

    /// The next line; `None` at the end. Cancel-safe. After an invalid line the stream is of no use.
    pub(crate) async fn next(&mut self) -> io::Result<Option<Result<Line<'_>, InvalidLine>>> {
        let (line, unfinished) = loop {
            if let Some(line) = self.take_line() {
                if !self.buffer[line.clone()].trim_ascii().is_empty() {
                    break (line, false);
                }
            } else if self.buffer.len() - self.start > LONGEST {
                let head = InvalidLine::head(&self.buffer[self.start..]);
                return Ok(Some(Err(InvalidLine::TooLong(head))));
            } else if self.ended {
                let rest = self.start..self.buffer.len();
                self.start = rest.end;
                if self.buffer[rest.clone()].trim_ascii().is_empty() {
                    return Ok(None);
                }
                break (rest, true);
            } else {
                self.fill().await?;
            }
        };
        Ok(Some(checked(&self.buffer[line], unfinished)))
    }

    fn take_line(&mut self) -> Option<Range<usize>> {
        let end = match memchr(b'\n', &self.buffer[self.searched..]) {
            Some(offset) => self.searched + offset,
            None => {
                self.searched = self.buffer.len();
                return None;
            }
        };
        let line = self.start..end;
        self.start = end + 1;
        self.searched = self.start;
        Some(line)
    }

    /// Reads once more. What was handed out is dropped first, and the room of a long line is given back.
    async fn fill(&mut self) -> io::Result<()> {
        if self.start > 0 {
            self.buffer.drain(..self.start);
            self.searched -= self.start;
            self.start = 0;
        }
        if self.buffer.capacity() > USUAL && self.buffer.len() < USUAL / 2 {
            self.buffer.shrink_to(USUAL);
        }
        if self.buffer.len() == self.buffer.capacity() {
            self.buffer.reserve(self.buffer.len().max(USUAL));
        }
        self.ended = self.reader.read_buf(&mut self.buffer).await? == 0;
        Ok(())
    }
}

fn checked(line: &[u8], unfinished: bool) -> Result<Line<'_>, InvalidLine> {
    if line.len() > LONGEST {
        return Err(InvalidLine::TooLong(InvalidLine::head(line)));
    }
    match std::str::from_utf8(line) {
        Ok(text) => Ok(Line { text, unfinished }),
        Err(_) => Err(InvalidLine::NotUtf8(InvalidLine::head(line))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hands out `bytes` in pieces of `piece` bytes.
    async fn split(bytes: &[u8], piece: usize) -> Vec<Result<String, InvalidLine>> {
        let (mut writer, reader) = tokio::io::duplex(piece);
        let bytes = bytes.to_vec();
        tokio::spawn(async move { tokio::io::AsyncWriteExt::write_all(&mut writer, &bytes).await });
        let mut lines = Lines::new(reader);
        let mut all = Vec::new();
        while let Some(line) = lines.next().await.unwrap() {
            let failed = line.is_err();
            all.push(line.map(|line| line.text.to_owned()));
            if failed {
                break;
            }
        }
        all
    }

    #[tokio::test]
    async fn splits_at_newlines_only_however_the_bytes_arrive() {
        let text = "{\"a\":\"\u{85}\u{2028}\"}\r\n\n  \n{}\nlast";
        for piece in [1, 3, 64 << 10] {
            let lines = split(text.as_bytes(), piece).await;
            let wanted = ["{\"a\":\"\u{85}\u{2028}\"}\r", "{}", "last"];
            assert_eq!(lines, wanted.map(|line| Ok(line.to_owned())));
        }
    }

    #[tokio::test]
    async fn says_whether_a_line_was_finished() {
        let mut lines = Lines::new(&b"one\ntwo"[..]);
        assert!(!lines.next().await.unwrap().unwrap().unwrap().unfinished);
        assert!(lines.next().await.unwrap().unwrap().unwrap().unfinished);
        assert!(lines.next().await.unwrap().is_none());
    }

    #[tokio::test]
    async fn a_long_line_is_read_and_its_room_given_back() {
        let mut bytes = vec![b'x'; 4 << 20];
        bytes.extend_from_slice(b"\nshort\n");
        let mut lines = Lines::new(bytes.as_slice());
        assert_eq!(
            lines.next().await.unwrap().unwrap().unwrap().text.len(),
            4 << 20
        );
        assert_eq!(lines.next().await.unwrap().unwrap().unwrap().text, "short");
        assert!(lines.next().await.unwrap().is_none());
        assert!(lines.buffer.capacity() <= 2 * USUAL);
    }

    #[tokio::test]
    async fn refuses_what_is_too_long_or_no_text() {
        let lines = split(&vec![b'x'; LONGEST + 1], 1 << 20).await;
        assert_eq!(lines, [Err(InvalidLine::TooLong("x".repeat(200)))]);
        let lines = split(b"a\xffb\n{}\n", 64).await;
        assert_eq!(lines, [Err(InvalidLine::NotUtf8("a\\xffb".to_owned()))]);
    }
}
