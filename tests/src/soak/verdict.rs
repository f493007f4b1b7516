//! What a soak has shown.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use fake_claude::witness::{self, Event};
use serde_json::{Value, json};
use tokio::time::{Duration, Instant, sleep};

use super::load::Done;
use super::memory::Memory;
use crate::server::Server;
use crate::services::ask_redis;

/// How long everything may take to come to rest when nothing is broken any more.
const REST: Duration = Duration::from_secs(120);

/// The figures, and what must not be.
#[derive(Debug)]
pub struct Verdict {
    lost: Vec<String>,
    doubled: usize,
    stream_errors: Vec<String>,
    gaps: usize,
    orphans: Vec<String>,
    left: Vec<String>,
    memory: Memory,
    work: Value,
    ended: BTreeMap<String, usize>,
    faults: BTreeMap<String, usize>,
    /// In Redis, where there is one.
    keys: Option<i64>,
}

impl Verdict {
    pub(super) async fn of(
        server: &Server,
        done: Done,
        faults: BTreeMap<String, usize>,
        memory: Memory,
    ) -> Self {
        let accepted: BTreeSet<String> = done.accepted.iter().cloned().collect();
        let (mut ended, mut lost) = (BTreeMap::new(), Vec::new());
        for execution in &accepted {
            let record = at_rest(server, execution).await;
            match record["ended_at"].as_str() {
                Some(_) => {
                    let code = record["error"]["code"].as_str();
                    let how = code.or(record["status"].as_str()).unwrap_or("?");
                    *ended.entry(how.to_owned()).or_default() += 1;
                }
                None => lost.push(format!("{execution}: {record}")),
            }
        }
        let records = witness::read(&server.witness());
        let overlaps = records
            .iter()
            .filter(|record| record.event == Event::Overlap);
        let keys = match server.redis_url() {
            Some(redis) => Some(ask_redis(redis, &["DBSIZE"]).await),
            None => None,
        };
        Self {
            lost,
            doubled: overlaps.count(),
            left: left(server).await,
            orphans: server.processes(),
            keys,
            work: json!({
                "accepted": accepted.len(), "submitted": done.accepted.len(), "tried_again": done.tried_again,
                "watched": done.watched, "connections": done.connections,
            }),
            stream_errors: done.errors,
            gaps: done.gaps,
            memory,
            ended,
            faults,
        }
    }

    /// Whether nothing that must not be was found.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.lost.is_empty()
            && self.doubled == 0
            && self.stream_errors.is_empty()
            && self.gaps == 0
            && self.orphans.is_empty()
            && self.left.is_empty()
            && self.memory.is_flat()
    }

    /// The same for programs.
    #[must_use]
    pub fn json(&self) -> Value {
        json!({
            "clean": self.is_clean(), "work": self.work, "ended": self.ended, "faults": self.faults,
            "lost": self.lost, "doubled": self.doubled, "stream_errors": self.stream_errors, "gaps": self.gaps,
            "orphans": self.orphans, "left": self.left, "keys": self.keys, "memory_is_flat": self.memory.is_flat(),
        })
    }
}

/// The record of an execution when it has ended, or as it is when time is up.
async fn at_rest(server: &Server, execution: &str) -> Value {
    let path = format!("/api/v1/claude/executions/{execution}");
    let begun = Instant::now();
    loop {
        let record = server.other().get(&path).await.body;
        if record["ended_at"].is_string() || begun.elapsed() > REST {
            return record;
        }
        sleep(Duration::from_millis(100)).await;
    }
}

/// What sets and channels hold when they have had time to be emptied.
async fn left(server: &Server) -> Vec<String> {
    let begun = Instant::now();
    loop {
        let kept = server.kept().await;
        if (kept.is_empty() && server.processes().is_empty()) || begun.elapsed() > REST {
            return kept;
        }
        sleep(Duration::from_millis(100)).await;
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = |f: &mut fmt::Formatter<'_>, name: &str, found: &[String]| {
            writeln!(f, "  {name:<16} {}", found.len())?;
            found
                .iter()
                .take(10)
                .try_for_each(|one| writeln!(f, "      {one}"))
        };
        writeln!(f, "work               {}", self.work)?;
        writeln!(f, "ended              {:?}", self.ended)?;
        writeln!(f, "faults             {:?}", self.faults)?;
        writeln!(f, "keys in redis      {}", self.keys.unwrap_or(0))?;
        let (first, second) = (self.memory.first, self.memory.second);
        writeln!(
            f,
            "largest (MiB)      API {} then {}, worker {} then {}",
            first.api >> 10,
            second.api >> 10,
            first.worker >> 10,
            second.worker >> 10
        )?;
        writeln!(f, "must be 0:")?;
        count(f, "lost", &self.lost)?;
        writeln!(f, "  {:<16} {}", "doubled", self.doubled)?;
        count(f, "stream errors", &self.stream_errors)?;
        writeln!(f, "  {:<16} {}", "gaps", self.gaps)?;
        count(f, "orphans", &self.orphans)?;
        count(f, "left behind", &self.left)?;
        writeln!(
            f,
            "  {:<16} {}",
            "memory grown",
            u8::from(!self.memory.is_flat())
        )
    }
}
