//! A benchmark: every row of `docs/performance.md`, for Longshore and for the ceiling in turn, on the same engines.
//!
//! Machines differ, and one machine differs from one minute to the next: so each round measures both sides, one after the
//! other, and medians are compared.

use std::path::Path;

use crate::private_engines::{Engine, PrivateEngines};
use crate::server::{Server, Setup};
use crate::services::{Engines, program};

mod measure;
mod resume;
mod row;
mod table;

pub use row::Row;
pub use table::Table;

use table::Measured;

/// Who is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Ours,
    Ceiling,
}

impl Side {
    fn setup(self, row: Row, engines: &Engines, folder: &Path) -> Setup {
        let setup = Setup {
            claude: program("quick-claude"),
            apis: 1,
            workers: 1,
            ..Setup::default()
        };
        let setup = match self {
            Self::Ours => setup,
            Self::Ceiling => Setup {
                api: program("ceiling-api"),
                worker: program("ceiling-worker"),
                ..setup
            },
        };
        setup
            .on(engines)
            .with("LONGSHORE_SLOTS", &row.slots().to_string())
            .with("TMPDIR", &folder.display().to_string())
            .with("LONGSHORE_MAX_WEBSOCKETS_PER_CALLER", "10000")
    }
}

/// Measures the rows, so many times each; `None` where there are no engines to be had.
///
/// # Panics
/// When anything is lost, repeated, refused or left behind: a figure of a broken run is none.
pub async fn run(rows: &[Row], rounds: usize) -> Option<Table> {
    let engines = PrivateEngines::start(&[Engine::RabbitMq, Engine::Redis]).await?;
    let mut table = Table::default();
    for row in rows.iter().copied() {
        let mut measured = Measured::new(row);
        for round in 1..=rounds {
            for side in row.sides() {
                eprintln!("{row}, {side:?}, round {round} of {rounds}");
                let figures = once(row, *side, &engines.addresses).await;
                measured.add(*side, &figures);
            }
        }
        table.add(measured);
    }
    Some(table)
}

async fn once(row: Row, side: Side, engines: &Engines) -> Vec<f64> {
    let mut figures = Vec::new();
    // Where there is a file system in memory: folders that come and go by the hundred in a second would measure the disk's.
    let memory = Path::new("/dev/shm");
    let folder = match memory.is_dir() {
        true => tempfile::tempdir_in(memory),
        false => tempfile::tempdir(),
    };
    let folder = folder.expect("a temporary folder");
    Server::cluster(
        side.setup(row, engines, folder.path()),
        |mut server| async {
            figures = row.measure(&mut server).await;
            server
        },
    )
    .await;
    figures
}
