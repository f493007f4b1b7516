//! TLS for all clients of a process: one implementation of its cryptography, ring's.

/// Chooses it. Some clients cannot be made before that. Again, or where another was chosen already, it changes nothing.
pub fn choose() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}
