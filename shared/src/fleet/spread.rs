//! How durations are spread: how many lie between powers of the square root of two.

use std::collections::BTreeMap;
use std::time::Duration;

/// Counts by the highest duration of their step, in ms: 1, 1.41, 2, 2.83, 4 … A quantile of it is off by less than half
/// of a step, a fifth of its value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Spread {
    pub(super) counts: BTreeMap<u8, u64>,
}

/// Twelve days: no execution takes longer.
const LAST: u8 = 60;

impl Spread {
    /// Counts one more.
    pub fn note(&mut self, duration: Duration) {
        *self.counts.entry(step(duration)).or_default() += 1;
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.counts.values().sum()
    }

    /// The duration below which that share of them lies; `None` where there is none.
    #[must_use]
    pub fn quantile(&self, share: f64) -> Option<Duration> {
        let wanted = share * self.count() as f64;
        let mut below = 0.0;
        for (&step, &count) in &self.counts {
            let count = count as f64;
            if below + count >= wanted {
                let (low, high) = (lower(step), bound(step));
                let ms = low + (high - low) * ((wanted - below) / count);
                return Some(Duration::from_secs_f64(ms / 1000.0));
            }
            below += count;
        }
        None
    }
}

/// The first step whose bound is no less.
fn step(duration: Duration) -> u8 {
    let ms = duration.as_secs_f64() * 1000.0;
    let step = (2.0 * ms.max(1.0).log2()).ceil().min(f64::from(LAST));
    // Between 0 and 60.
    step as u8
}

/// The highest duration of a step, in ms.
fn bound(step: u8) -> f64 {
    2f64.powf(f64::from(step) / 2.0)
}

fn lower(step: u8) -> f64 {
    if step == 0 { 0.0 } else { bound(step - 1) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_near_the_real_one() {
        let mut spread = Spread::default();
        for ms in 1..=1000 {
            spread.note(Duration::from_millis(ms));
        }
        for (share, real) in [(0.5, 500.0), (0.95, 950.0), (1.0, 1000.0)] {
            let found = spread.quantile(share).unwrap().as_secs_f64() * 1000.0;
            assert!((found / real - 1.0).abs() < 0.2, "{share}: {found} ms");
        }
        assert_eq!(spread.count(), 1000);
    }

    #[test]
    fn nothing_has_no_quantile_and_anything_has_a_step() {
        assert_eq!(Spread::default().quantile(0.5), None);
        assert_eq!(step(Duration::ZERO), 0);
        assert_eq!(step(Duration::from_millis(2)), 2);
        assert_eq!(step(Duration::MAX), LAST);
    }
}
