//! The address at which operators ask a program how it is; clients have no business there.

use tokio::net::TcpListener;

use crate::config::InvalidSetting;

/// A listener at the address; none where it is empty.
///
/// # Errors
/// When it is no address, or is taken.
pub async fn bind(address: &str) -> Result<Option<TcpListener>, InvalidSetting> {
    if address.is_empty() {
        return Ok(None);
    }
    let listener = TcpListener::bind(address).await;
    listener
        .map(Some)
        .map_err(|error| InvalidSetting::new(format_args!("--admin-bind {address}"), error))
}
