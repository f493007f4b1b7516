//! An API behind TLS.

use std::path::Path;

use tests::process::run_to_end;
use tests::server::{Server, Setup};
use tests::services::program;
use tests::tls::{Authority, TlsProxy};

use super::text;

over_every_server! { Setup::default() =>
    an_api_behind_tls_is_asked: ["command.https"],
}

async fn an_api_behind_tls_is_asked(server: Server) -> Server {
    let (folder, authority) = (tempfile::tempdir().unwrap(), Authority::default());
    let trusted = authority.certificate(folder.path());
    let proxy = TlsProxy::before(server.client().port(), &authority, "localhost").await;
    let url = format!("https://localhost:{}", proxy.address.port());
    let run = async |trusted: &Path| {
        let environment = [("SSL_CERT_FILE", trusted.to_str().unwrap())];
        let args = ["run", "--url", &url, "[[text sealed]]"];
        run_to_end(&program("longshore"), &args, &environment, folder.path()).await
    };
    let output = run(&trusted).await;
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(text(&output.stdout).starts_with("sealed\n"), "{output:?}");
    // Who does not know the authority says why nothing is asked.
    let other = tempfile::tempdir().unwrap();
    let stranger = Authority::default().certificate(other.path());
    let output = run(&stranger).await;
    let said = text(&output.stderr);
    assert!(
        said.contains("certificate") && output.status.code() == Some(3),
        "{said}"
    );
    server
}
