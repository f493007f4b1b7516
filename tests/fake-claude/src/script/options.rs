//! The arguments of a directive: `key=value` words and plain words, none of which may be left over.

use std::fmt::Display;
use std::str::FromStr;

pub(super) struct Options<'a> {
    left: Vec<&'a str>,
}

impl<'a> Options<'a> {
    pub(super) fn parse(args: &'a str) -> Self {
        Self {
            left: args.split_whitespace().collect(),
        }
    }

    /// Whether the word was there.
    pub(super) fn word(&mut self, word: &str) -> bool {
        let before = self.left.len();
        self.left.retain(|left| *left != word);
        self.left.len() < before
    }

    pub(super) fn any_word(&mut self) -> Option<&'a str> {
        let at = self.left.iter().position(|word| !word.contains('='))?;
        Some(self.left.remove(at))
    }

    pub(super) fn value<T>(&mut self, key: &str, default: T) -> Result<T, String>
    where
        T: FromStr<Err: Display>,
    {
        let of_key = |word: &&str| word.split_once('=').is_some_and(|(left, _)| left == key);
        let Some(at) = self.left.iter().position(of_key) else {
            return Ok(default);
        };
        let word = self.left.remove(at);
        word[key.len() + 1..]
            .parse()
            .map_err(|e| format!("{word}: {e}"))
    }

    pub(super) fn finish(self) -> Result<(), String> {
        match self.left.first() {
            Some(word) => Err(format!("{word} means nothing here")),
            None => Ok(()),
        }
    }
}
