//! What holds for any bytes whatever, where this crate reads cursors of its own. The target in `fuzz/` searches for bytes
//! for which it does not; the test below tries some.

use crate::routes::logs::LogCursor;

/// What clients give back: each cursor has one spelling.
pub fn cursor(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Ok(cursor) = text.parse::<LogCursor>() {
        assert_eq!(cursor.to_string(), text);
    }
}

#[cfg(test)]
mod tests {
    use tests::mutants::{mutants, seeds};

    #[test]
    fn cursors_are_read_or_refused() {
        mutants(&seeds("cursor"), super::cursor);
    }
}
