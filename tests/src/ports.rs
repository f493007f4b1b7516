//! Ports for programs that cannot choose one by themselves.

use std::path::PathBuf;

use crate::private_engines::{command, run_command};

/// A port on loopback that nobody has. As long as this process lives nobody else is given it who asks here or at
/// `deploy/services`: not before it is used, and not while what used it is dead.
///
/// # Panics
/// When there is none.
pub async fn free_port() -> u16 {
    let owner: PathBuf = ["/proc", &std::process::id().to_string()].iter().collect();
    let port = run_command(command(&owner), &["port"]).await;
    port.trim().parse().expect("a port")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use futures_util::future::join_all;

    use super::{command, free_port, run_command};

    #[tokio::test]
    async fn a_port_is_given_to_one() {
        let folder = tempfile::tempdir().unwrap();
        let port = async || {
            let port = run_command(command(folder.path()), &["port"]).await;
            port.trim().parse().unwrap()
        };
        let (ours, theirs) = tokio::join!(
            join_all((0..100).map(|_| free_port())),
            join_all((0..100).map(|_| port())),
        );
        let all: BTreeSet<u16> = ours.into_iter().chain(theirs).collect();
        assert_eq!(all.len(), 200);
    }
}
