//! TLS as operators have it: an authority of their own, certificates by it, and a proxy that ends TLS before an API.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// An authority that nobody knows but who is given its certificate.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

/// The files of a certificate and its key.
pub struct Issued {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

impl Default for Authority {
    fn default() -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("no names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let issuer = CertifiedIssuer::self_signed(params, key).expect("a certificate");
        Self { issuer }
    }
}

impl Authority {
    /// Writes its certificate into a folder, for those who are to trust it.
    ///
    /// # Panics
    /// When it cannot be written.
    #[must_use]
    pub fn certificate(&self, folder: &Path) -> PathBuf {
        let file = folder.join("authority.pem");
        std::fs::write(&file, self.issuer.pem()).expect("it is written");
        file
    }

    /// Writes a certificate for this machine, and its key, into a folder: of a server, or of a program that says who it is.
    ///
    /// # Panics
    /// When they cannot be written.
    #[must_use]
    pub fn issue(&self, folder: &Path, owner: &str) -> Issued {
        let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
        let mut params = CertificateParams::new(names).expect("names");
        params.distinguished_name.push(DnType::CommonName, owner);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        let write = |kind: &str, text: String| {
            let file = folder.join(format!("{owner}.{kind}.pem"));
            std::fs::write(&file, text).expect("it is written");
            file
        };
        Issued {
            certificate: write("certificate", certificate.pem()),
            key: write("key", key.serialize_pem()),
        }
    }

    /// What a server needs to be known by a name.
    fn server(&self, name: &str) -> ServerConfig {
        let params = CertificateParams::new(vec![name.to_owned()]).expect("a name");
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        let _ = rustls::crypto::ring::default_provider().install_default();
        let secret = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
        ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], secret)
            .expect("they belong together")
    }
}

/// Ends TLS, and passes on what is in it. Ends with its connections when dropped.
pub struct TlsProxy {
    pub address: SocketAddr,
    acceptor: JoinHandle<()>,
}

impl TlsProxy {
    /// Before a port of this machine, known by a name.
    ///
    /// # Panics
    /// When there is no port to be had.
    pub async fn before(port: u16, authority: &Authority, name: &str) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let address = listener.local_addr().expect("it is bound");
        let tls = TlsAcceptor::from(Arc::new(authority.server(name)));
        let acceptor = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(pass(stream, tls.clone(), port));
            }
        });
        Self { address, acceptor }
    }
}

impl Drop for TlsProxy {
    fn drop(&mut self) {
        self.acceptor.abort();
    }
}

/// What fails is the end of that connection.
async fn pass(stream: TcpStream, tls: TlsAcceptor, port: u16) {
    let Ok(mut there) = tls.accept(stream).await else {
        return;
    };
    let Ok(mut here) = TcpStream::connect(("127.0.0.1", port)).await else {
        return;
    };
    let _ = copy_bidirectional(&mut there, &mut here).await;
}
