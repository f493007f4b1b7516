//! `healthcheck`: whether the program that runs on this machine is ready, for containers without a shell.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::process::ExitCode;
use std::time::Duration;

use clap::Subcommand;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// What a program does instead of its work.
#[derive(Debug, Clone, Copy, Subcommand)]
pub enum Instead {
    /// Ask the one that runs on this machine with these settings whether it is ready: exit code 0 when it is, else 1
    Healthcheck,
}

/// A program whose engines do not answer says so within some seconds.
const BOUND: Duration = Duration::from_secs(8);

/// More than any answer has.
const MOST: u64 = 64 * 1024;

/// Asks for `/readyz` at the address where the program listens; prints what it answers, unless that is well.
pub async fn healthcheck(address: SocketAddr) -> ExitCode {
    let address = SocketAddr::new(reachable(address.ip()), address.port());
    let asked = timeout(BOUND, ask(address)).await;
    match asked.unwrap_or_else(|_| Err(std::io::ErrorKind::TimedOut.into())) {
        Ok(answer) if answer.starts_with("HTTP/1.1 200 ") => ExitCode::SUCCESS,
        Ok(answer) => {
            eprintln!("{answer}");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("{address}: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn ask(address: SocketAddr) -> std::io::Result<String> {
    let mut connection = TcpStream::connect(address).await?;
    let request = b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    connection.write_all(request).await?;
    let mut answer = Vec::new();
    connection.take(MOST).read_to_end(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

/// Where one connects to what listens at every address.
fn reachable(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(all) if all.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(all) if all.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        one => one,
    }
}
