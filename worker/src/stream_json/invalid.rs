//! A line of the CLI that cannot be passed on.

/// Why a line is no line of stream-json; each carries its first bytes, escaped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidLine {
    #[error("a line of more than {} MiB", super::lines::LONGEST >> 20)]
    TooLong(String),
    #[error("a line that is not UTF-8")]
    NotUtf8(String),
    #[error("a line that is not JSON")]
    NotJson(String),
    #[error("a line that is JSON but no object")]
    NotAnObject(String),
}

impl InvalidLine {
    /// How much of the line is kept.
    const KEPT: usize = 200;

    /// The line's first 200 bytes, escaped.
    pub(crate) fn line(&self) -> &str {
        match self {
            Self::TooLong(line)
            | Self::NotUtf8(line)
            | Self::NotJson(line)
            | Self::NotAnObject(line) => line,
        }
    }

    /// The first bytes of a line as printable ASCII.
    pub(super) fn head(line: &[u8]) -> String {
        line[..line.len().min(Self::KEPT)]
            .escape_ascii()
            .to_string()
    }
}
