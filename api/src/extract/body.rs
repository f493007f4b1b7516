//! Reading a body to its end, also where it is refused: a client that still writes when the connection is closed sees
//! a broken pipe, and never the answer.

use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use futures_util::StreamExt as _;

use crate::error::{ApiError, Code};

/// The largest body: 1 MiB of prompt and 512 KiB of system prompts, of which JSON may write each byte as six.
const MAX: usize = 10 << 20;

/// What is read and dropped of a body that is too large; whoever sends more than that does not want an answer.
const MAX_DROPPED: usize = 100 << 20;

/// How long that may take.
const PATIENCE: Duration = Duration::from_secs(10);

pub(super) async fn read(body: Body) -> Result<Vec<u8>, ApiError> {
    let mut pieces = body.into_data_stream();
    let mut whole = Vec::new();
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|_| {
            let message = "the body could not be read to its end";
            ApiError::new(Code::InvalidRequest, message)
        })?;
        if whole.len() + piece.len() > MAX {
            read_on(pieces).await;
            let message = "the body is too large; a prompt may have 1 MiB";
            return Err(ApiError::new(Code::PayloadTooLarge, message));
        }
        whole.extend_from_slice(&piece);
    }
    Ok(whole)
}

/// For a request that is refused before its body was looked at.
pub(crate) async fn skip(body: Body) {
    read_on(body.into_data_stream()).await;
}

async fn read_on(mut pieces: BodyDataStream) {
    let mut dropped = 0;
    let dropping = async {
        while let Some(Ok(piece)) = pieces.next().await {
            dropped += piece.len();
            if dropped > MAX_DROPPED {
                return;
            }
        }
    };
    // Answered all the same when it does not end in time.
    let _ = tokio::time::timeout(PATIENCE, dropping).await;
}
