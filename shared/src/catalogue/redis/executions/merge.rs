//! Joining sorted sets to one list, a few members of each at a time.

use std::collections::VecDeque;

/// Members of several sets, the last in the order of texts first.
pub(super) struct Merge {
    sources: Vec<Source>,
    /// Members that are asked for at once.
    step: usize,
}

struct Source {
    set: String,
    /// Below which its next members are asked for, as Redis takes it.
    from: String,
    waiting: VecDeque<String>,
    exhausted: bool,
}

impl Merge {
    /// Of what lies below `from`, for about `wanted` members.
    pub(super) fn new(sets: Vec<String>, from: &str, wanted: usize) -> Self {
        const FEWEST: usize = 8;
        let step = (2 * wanted / sets.len().max(1)).clamp(FEWEST, wanted.max(FEWEST));
        let sources = sets.into_iter().map(|set| Source {
            set,
            from: from.to_owned(),
            waiting: VecDeque::new(),
            exhausted: false,
        });
        Self {
            sources: sources.collect(),
            step,
        }
    }

    /// What must be asked before anything more can be taken: members of each of these sets, below the text beside it.
    pub(super) fn hungry(&self) -> Vec<(&str, &str)> {
        let hungry = self.sources.iter().filter(|source| source.is_hungry());
        hungry
            .map(|source| (source.set.as_str(), source.from.as_str()))
            .collect()
    }

    pub(super) fn step(&self) -> usize {
        self.step
    }

    /// The answers, in the order of [`Self::hungry`].
    pub(super) fn feed(&mut self, answers: Vec<Vec<String>>) {
        let hungry = self.sources.iter_mut().filter(|source| source.is_hungry());
        for (source, members) in hungry.zip(answers) {
            source.exhausted = members.len() < self.step;
            if let Some(last) = members.last() {
                source.from = format!("({last}");
            }
            source.waiting = members.into();
        }
    }

    /// The next member; `None` where all are exhausted, or one is hungry.
    pub(super) fn take(&mut self) -> Option<String> {
        if self.sources.iter().any(Source::is_hungry) {
            return None;
        }
        let waiting = self.sources.iter_mut().map(|source| &mut source.waiting);
        waiting
            .max_by(|a, b| a.front().cmp(&b.front()))?
            .pop_front()
    }
}

impl Source {
    fn is_hungry(&self) -> bool {
        self.waiting.is_empty() && !self.exhausted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Everything that a merge takes from these sets, each asked as Redis would be.
    fn merged(sets: &[Vec<String>], from: &str, wanted: usize) -> Vec<String> {
        let names = (0..sets.len()).map(|i| i.to_string()).collect();
        let mut merge = Merge::new(names, from, wanted);
        let mut taken = Vec::new();
        loop {
            taken.extend(std::iter::from_fn(|| merge.take()));
            let answers: Vec<Vec<String>> = merge
                .hungry()
                .into_iter()
                .map(|(name, from)| {
                    below(&sets[name.parse::<usize>().unwrap()], from, merge.step())
                })
                .collect();
            if answers.is_empty() {
                return taken;
            }
            merge.feed(answers);
        }
    }

    fn below(set: &[String], from: &str, limit: usize) -> Vec<String> {
        let mut set = set.to_vec();
        set.sort_unstable_by(|a, b| b.cmp(a));
        let limits = from.strip_prefix('(');
        let below = set
            .into_iter()
            .filter(|member| limits.is_none_or(|from| member.as_str() < from));
        below.take(limit).collect()
    }

    #[test]
    fn sets_of_all_sizes_are_joined_in_order() {
        let mut random = fastrand::Rng::with_seed(7);
        for sets in [0, 1, 2, 5, 40] {
            let mut all = Vec::new();
            let sets: Vec<Vec<String>> = (0..sets)
                .map(|_| {
                    let size = random.usize(0..100);
                    let set: Vec<_> = (0..size)
                        .map(|_| format!("{:020}", random.u64(..)))
                        .collect();
                    all.extend(set.clone());
                    set
                })
                .collect();
            all.sort_unstable_by(|a, b| b.cmp(a));
            for wanted in [1, 10, 200] {
                assert_eq!(merged(&sets, "+", wanted), all);
            }
            let middle = all.len() / 2;
            if let Some(from) = all.get(middle) {
                assert_eq!(merged(&sets, &format!("({from}"), 10), all[middle + 1..]);
            }
        }
    }
}
