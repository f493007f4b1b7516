//! Tokens: how many the Claude API counted.

use serde::{Deserialize, Serialize};

/// Tokens of one execution, or of a session's together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are the Claude API's and say it")]
pub struct Usage {
    pub input_tokens: u64,
    pub output_tokens: u64,
    pub cache_creation_input_tokens: u64,
    pub cache_read_input_tokens: u64,
}

/// What one execution adds to a sum at most. No real one comes near; it keeps a made-up number from overflowing sums.
const MOST: u64 = 1_000_000_000_000;

impl Usage {
    /// The names, in the order of [`Self::counts`].
    pub const NAMES: [&str; 4] = [
        "input_tokens",
        "output_tokens",
        "cache_creation_input_tokens",
        "cache_read_input_tokens",
    ];

    /// The numbers, in the order of [`Self::NAMES`].
    #[must_use]
    pub fn counts(self) -> [u64; 4] {
        [
            self.input_tokens,
            self.output_tokens,
            self.cache_creation_input_tokens,
            self.cache_read_input_tokens,
        ]
    }

    /// From numbers in the order of [`Self::NAMES`].
    #[must_use]
    pub fn from_counts(counts: [u64; 4]) -> Self {
        let [
            input_tokens,
            output_tokens,
            cache_creation_input_tokens,
            cache_read_input_tokens,
        ] = counts;
        Self {
            input_tokens,
            output_tokens,
            cache_creation_input_tokens,
            cache_read_input_tokens,
        }
    }

    /// As it goes into a sum: each number bounded to a trillion.
    #[must_use]
    pub fn bounded(self) -> Self {
        Self::from_counts(self.counts().map(|count| count.min(MOST)))
    }

    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        let (sums, more) = (self.counts(), other.counts());
        Self::from_counts(std::array::from_fn(|i| sums[i].saturating_add(more[i])))
    }
}
