//! The console in a real browser: what people do on it, on every kind of server.

use tests::browser::play;
use tests::server::{Server, Setup};

mod files;
mod lost;
mod signing_in;

/// What results and screenshots are named after.
fn on(server: &Server) -> &'static str {
    if server.workers.is_empty() {
        "memory"
    } else {
        "cluster"
    }
}

/// Plays a scenario that needs nothing from the harness; on a cluster, on one API, while workers are others' too.
async fn played(server: Server, scenario: &str) -> Server {
    play(scenario, server.client().url(), on(&server), async |word| {
        panic!("{scenario} asks for {word}")
    })
    .await;
    server
}

over_every_server! { Setup::default() =>
    runs_to_the_end: ["console.run", "console.executions", "console.sessions", "console.accessible"],
    cancels: ["console.run", "console.accessible"],
    fits_everywhere: ["console.fits", "console.accessible"],
    by_keyboard: ["console.keyboard"],
    shows_the_fleet: ["console.fleet", "console.accessible"],
    behind_a_path: ["console.prefix"],
}

async fn runs_to_the_end(server: Server) -> Server {
    played(server, "runs_to_the_end").await
}

async fn cancels(server: Server) -> Server {
    played(server, "cancels").await
}

async fn fits_everywhere(server: Server) -> Server {
    played(server, "fits_everywhere").await
}

async fn by_keyboard(server: Server) -> Server {
    played(server, "by_keyboard").await
}

async fn shows_the_fleet(server: Server) -> Server {
    played(server, "shows_the_fleet").await
}

async fn behind_a_path(server: Server) -> Server {
    played(server, "behind_a_path").await
}

mod smooth {
    use super::*;

    // The record keeps what is watched, also if the page should lag behind.
    over_every_server! { Setup::default().with("LONGSHORE_MAX_EVENTS", "20000") =>
        stays_smooth: ["console.smooth"],
    }

    async fn stays_smooth(server: Server) -> Server {
        played(server, "stays_smooth").await
    }
}
