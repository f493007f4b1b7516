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

    use futures_util::StreamExt as _;
    use futures_util::stream::iter;

    use super::{command, free_port, run_command};

    #[tokio::test]
    async fn a_port_is_given_to_one() {
        let folder = tempfile::tempdir().unwrap();
        let port = async |n: u16| {
            if n.is_multiple_of(2) {
                return free_port().await;
            }
            let port = run_command(command(folder.path()), &["port"]).await;
            port.trim().parse().unwrap()
        };
        // Of so many that are chosen at random, two are the same four times in five.
        let all: BTreeSet<u16> = iter(0..200).map(port).buffer_unordered(8).collect().await;
        assert_eq!(all.len(), 200);
    }
}
