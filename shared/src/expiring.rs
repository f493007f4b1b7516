//! A map whose entries go when their time is over: what a memory engine has in the place of Redis's expiry.

use std::collections::HashMap;
use std::time::{Duration, Instant};

/// Fewer entries than this are not worth looking for those whose time is over.
const FEW: usize = 1024;

/// Holds at most twice as many entries as live ones, or a few.
pub(crate) struct Expiring<V> {
    entries: HashMap<String, (Instant, V)>,
    sweep_at: usize,
}

impl<V> Default for Expiring<V> {
    fn default() -> Self {
        Self {
            entries: HashMap::new(),
            sweep_at: FEW,
        }
    }
}

impl<V> Expiring<V> {
    /// The entry, unless its time is over.
    pub(crate) fn get_mut(&mut self, key: &str) -> Option<&mut V> {
        let (until, value) = self.entries.get_mut(key)?;
        (Instant::now() < *until).then_some(value)
    }

    pub(crate) fn insert(&mut self, key: &str, value: V, lives: Duration) {
        let now = Instant::now();
        self.entries.insert(key.to_owned(), (now + lives, value));
        if self.entries.len() >= self.sweep_at {
            self.entries.retain(|_, (until, _)| now < *until);
            self.sweep_at = FEW.max(2 * self.entries.len());
        }
    }

    /// Lets an entry live for another time from now on.
    pub(crate) fn expire(&mut self, key: &str, lives: Duration) {
        if let Some((until, _)) = self.entries.get_mut(key) {
            *until = Instant::now() + lives;
        }
    }

    pub(crate) fn remove(&mut self, key: &str) {
        self.entries.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_over_is_gone_and_makes_room() {
        let mut map = Expiring::default();
        map.insert("kept", 1, Duration::from_secs(60));
        map.insert("over", 2, Duration::ZERO);
        assert_eq!(map.get_mut("kept"), Some(&mut 1));
        assert_eq!(map.get_mut("over"), None);
        for n in 0..10 * FEW {
            map.insert(&n.to_string(), 3, Duration::ZERO);
        }
        assert!(map.entries.len() <= FEW, "{}", map.entries.len());
        assert_eq!(map.get_mut("kept"), Some(&mut 1));
        map.expire("kept", Duration::ZERO);
        assert_eq!(map.get_mut("kept"), None);
    }
}
