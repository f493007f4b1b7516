//! The `longshore` command as people and scripts use it.

use std::path::Path;
use std::process::Output;

use tests::client::Client;
use tests::process::run_to_end;
use tests::services::{path, program};

mod asking;
mod dev;
mod flags;
mod leaving;
mod load;
mod looking;
mod prompts;
mod reconnecting;
mod says;
mod secure;
mod shells;
mod stand_in;
mod unwilling;

/// `longshore run` in a pipe.
async fn run(client: &Client, args: &[&str]) -> Output {
    let args = [&["run", "--url", client.url()], args].concat();
    run_to_end(&program("longshore"), &args, &[], Path::new("/")).await
}

/// Any command of it in a pipe, told where the API is.
async fn longshore(client: &Client, args: &[&str]) -> Output {
    let environment = [("LONGSHORE_URL", client.url())];
    run_to_end(&program("longshore"), args, &environment, Path::new("/")).await
}

async fn sh(line: &str, folder: &Path) -> Output {
    let search = path();
    run_to_end(
        Path::new("/bin/sh"),
        &["-c", line],
        &[("PATH", &search)],
        folder,
    )
    .await
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}
