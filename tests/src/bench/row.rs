//! The rows: what is done in each, which figures that gives, and what they are to be.

use std::fmt;

use super::measure::{self, Load};
use super::{Side, resume};
use crate::server::Server;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Row {
    P1,
    P2,
    P3,
    P4,
    P6,
    P7,
    P8,
    P9,
}

/// One figure of a row.
#[derive(Debug, Clone, Copy)]
pub(super) struct Figure {
    pub(super) name: &'static str,
    pub(super) unit: &'static str,
    pub(super) target: Target,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Target {
    /// So much of the ceiling's, at least.
    OfCeiling(f64),
    AtLeast(f64),
    AtMost(f64),
}

const fn figure(name: &'static str, unit: &'static str, target: Target) -> Figure {
    Figure { name, unit, target }
}

use Target::{AtLeast, AtMost, OfCeiling};

impl Row {
    /// P5 is measured with P2 and P3.
    #[must_use]
    pub fn all() -> Vec<Self> {
        use Row::{P1, P2, P3, P4, P6, P7, P8, P9};
        vec![P1, P2, P3, P4, P6, P7, P8, P9]
    }

    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::all().into_iter().find(|row| row.to_string() == name)
    }

    pub(super) fn what(self) -> &'static str {
        match self {
            Self::P1 => "accept: 2,000 executes, 64 in flight, a worker running",
            Self::P2 => "500 executions, 32 under way, watched, 20 lines of 300 bytes",
            Self::P3 => "50 executions at once, watched, 2,000 lines of 400 bytes each",
            Self::P4 => "200 executions at once, watched, 10 lines a second each",
            Self::P6 => "5,000 open sockets on 50 executions",
            Self::P7 => "1,000 events after a reconnect",
            Self::P8 => "1,000 executions at once on one worker, watched, a line a second",
            Self::P9 => "one, two and four workers whose CLI waits",
        }
    }

    pub(super) fn figures(self) -> &'static [Figure] {
        match self {
            Self::P1 => {
                const {
                    &[
                        figure("accepted", "/s", OfCeiling(0.6)),
                        figure("accept, p99", "ms", AtMost(25.0)),
                    ]
                }
            }
            Self::P2 => {
                const {
                    &[
                        figure("executions", "/s", OfCeiling(0.6)),
                        figure("P5: CPU of an execution", "ms", AtMost(0.9)),
                    ]
                }
            }
            Self::P3 => {
                const {
                    &[
                        figure("messages", "/s", OfCeiling(0.6)),
                        figure("P5: CPU of a message", "µs", AtMost(8.0)),
                    ]
                }
            }
            Self::P4 => {
                const {
                    &[
                        figure("added, p50", "ms", AtMost(0.3)),
                        figure("added, p99", "ms", AtMost(2.0)),
                    ]
                }
            }
            Self::P6 => const { &[figure("API's memory for a socket", "KiB", AtMost(12.0))] },
            Self::P7 => const { &[figure("all there", "ms", AtMost(30.0))] },
            Self::P8 => {
                const {
                    &[
                        figure("worker's memory", "MB", AtMost(150.0)),
                        figure("API's memory", "MB", AtMost(100.0)),
                    ]
                }
            }
            Self::P9 => {
                const {
                    &[
                        figure("two workers for one", "×", AtLeast(1.8)),
                        figure("four workers for one", "×", AtLeast(3.6)),
                    ]
                }
            }
        }
    }

    /// What the last three ask for does not depend on how fast the engines are.
    pub(super) fn sides(self) -> &'static [Side] {
        match self {
            Self::P7 | Self::P8 | Self::P9 => &[Side::Ours],
            _ => &[Side::Ceiling, Side::Ours],
        }
    }

    pub(super) fn slots(self) -> usize {
        match self {
            Self::P1 | Self::P2 => 32,
            Self::P3 | Self::P6 => 60,
            Self::P4 => 200,
            Self::P7 => 4,
            Self::P8 => 1000,
            Self::P9 => 8,
        }
    }

    pub(super) async fn measure(self, server: &mut Server) -> Vec<f64> {
        match self {
            Self::P1 => {
                // The first request of all opens what stays open.
                Load::new(64, 16, "hello").unwatched().run(server).await;
                let load = Load::new(2000, 64, "hello").unwatched().run(server).await;
                vec![
                    load.number("/accepted_per_second"),
                    load.number("/latency_ms/accept/p99"),
                ]
            }
            Self::P2 => {
                let prompt = "[[lines n=20 bytes=300]]";
                Load::new(32, 32, prompt).run(server).await;
                let load = Load::new(500, 32, prompt).run(server).await;
                vec![load.ended_per_second(), load.cpu_seconds() * 1e3 / 500.0]
            }
            Self::P3 => {
                let load = Load::new(50, 50, "[[lines n=2000 bytes=400]]");
                let load = load.run(server).await;
                let messages = 50.0 * 2000.0;
                vec![
                    messages / load.number("/seconds"),
                    load.cpu_seconds() * 1e6 / messages,
                ]
            }
            Self::P4 => {
                // They begin when all of them have been started.
                let load = Load::new(200, 200, "[[lines n=50 bytes=300 rate=10 wait=4]]");
                let load = load.run(server).await;
                vec![
                    load.number("/latency_ms/added/p50"),
                    load.number("/latency_ms/added/p99"),
                ]
            }
            Self::P6 => {
                const SOCKETS: u32 = 5000;
                let before = measure::resident_kib(&server.apis[0]);
                let load = Load::new(1, 1, "[[lines n=3 rate=1]]").idle(SOCKETS, 50);
                let load = load.run(server).await;
                vec![(load.kib("api") - before) / f64::from(SOCKETS)]
            }
            Self::P7 => vec![resume::median(server.client(), 1000, 20).await],
            Self::P8 => {
                let load = Load::new(1000, 1000, "[[lines n=20 bytes=300 rate=1]]");
                let load = load.run(server).await;
                let megabytes = |kib: f64| kib * 1024.0 / 1e6;
                vec![
                    megabytes(load.peak_kib("worker")),
                    megabytes(load.peak_kib("api")),
                ]
            }
            Self::P9 => {
                let mut rates = Vec::new();
                for workers in [1, 2, 4] {
                    while server.workers.len() < workers {
                        server.start_worker().await;
                    }
                    let slots = u32::try_from(workers * self.slots()).unwrap_or(u32::MAX);
                    let load = Load::new(10 * slots, slots, "[[lines n=1 rate=2]]");
                    rates.push(load.run(server).await.ended_per_second());
                }
                vec![rates[1] / rates[0], rates[2] / rates[0]]
            }
        }
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}
