//! A connection that is lost between the browser and the API.

use tests::browser::play;
use tests::proxy::Proxy;
use tests::server::{Server, Setup};

use super::on;

over_every_server! { Setup::default() =>
    comes_back: ["console.comes-back"],
}

async fn comes_back(server: Server) -> Server {
    let (proxy, url) = Proxy::before(server.client().url()).await;
    play("comes_back", &url, on(&server), async |word| {
        match word {
            "cut" => proxy.cut(),
            "away" => proxy.away(true),
            "back" => proxy.away(false),
            _ => panic!("what is {word}?"),
        }
        "done".to_owned()
    })
    .await;
    server
}
