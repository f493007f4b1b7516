//! Reading a body, up to a limit.

use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use futures_util::StreamExt as _;
use tokio::time::timeout;

use crate::error::{ApiError, Code};

/// The largest body: 1 MiB of prompt and 512 KiB of system prompts, of which JSON may write each byte as six.
const MAX: usize = 10 << 20;

/// How long a client may send nothing of its body, and how long all of it may take.
const SILENCE: Duration = Duration::from_secs(30);
const WHOLE: Duration = Duration::from_secs(300);

pub(super) async fn read(body: Body) -> Result<Vec<u8>, ApiError> {
    let reading = timeout(WHOLE, read_whole(body.into_data_stream())).await;
    reading.unwrap_or_else(|_| Err(too_late()))
}

async fn read_whole(mut pieces: BodyDataStream) -> Result<Vec<u8>, ApiError> {
    let mut whole = Vec::new();
    while let Some(piece) = timeout(SILENCE, pieces.next())
        .await
        .map_err(|_| too_late())?
    {
        let piece = piece.map_err(|_| {
            let message = "the body could not be read to its end";
            ApiError::new(Code::InvalidRequest, message)
        })?;
        if whole.len() + piece.len() > MAX {
            let message = "the body is too large; a prompt may have 1 MiB";
            return Err(ApiError::new(Code::PayloadTooLarge, message));
        }
        whole.extend_from_slice(&piece);
    }
    Ok(whole)
}

fn too_late() -> ApiError {
    let message = "the body did not come to its end in time";
    ApiError::new(Code::InvalidRequest, message)
}
