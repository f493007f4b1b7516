//! `anthropic-double ADDRESS`: the stand-in for the Anthropic Messages API, for the real CLI in containers; see
//! `tests::anthropic_double`. Serves until it is ended.

use tests::anthropic_double::AnthropicDouble;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let Some(address) = std::env::args().nth(1) else {
        return Err(std::io::Error::other("say at which address to listen"));
    };
    let double = AnthropicDouble::serve(TcpListener::bind(address).await?);
    println!("listening at {}", double.url());
    signal(SignalKind::terminate())?.recv().await;
    Ok(())
}
