//! The transcript that a CLI writes, in the folder of its run.

use std::fs;
use std::io::{self, SeekFrom};
use std::path::Path;

use longshore_shared::id::SessionId;
use memchr::memmem;
use tokio::fs::File;
use tokio::io::{AsyncBufReadExt as _, AsyncSeekExt as _, BufReader};
use tokio::task::spawn_blocking;

use crate::claude::RunFolder;

/// The transcript of a run: the CLI goes on in the file that was restored, and else makes one named after the session
/// in a folder named after its working directory.
pub(super) async fn open(folder: &RunFolder, session: SessionId) -> io::Result<Option<File>> {
    let (restored, config) = (folder.restored(session), folder.config());
    let found = spawn_blocking(move || find(&restored, &config, session)).await;
    Ok(found.map_err(io::Error::other)??.map(File::from_std))
}

fn find(restored: &Path, config: &Path, session: SessionId) -> io::Result<Option<fs::File>> {
    if let Some(file) = plain(restored)? {
        return Ok(Some(file));
    }
    let projects = match fs::read_dir(config.join("projects")) {
        Ok(projects) => projects,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    for project in projects {
        let path = project?.path().join(format!("{session}.jsonl"));
        if let Some(file) = plain(&path)? {
            return Ok(Some(file));
        }
    }
    Ok(None)
}

/// Opens a file that is not empty. Tools can write in that folder: nothing but a plain file is followed.
fn plain(path: &Path) -> io::Result<Option<fs::File>> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_file() && found.len() > 0 => fs::File::open(path).map(Some),
        Ok(_) => Ok(None),
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
            ) =>
        {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// How long a transcript is up to the end of an entry; `None` when that is not in it, or not whole. The file is read
/// from its beginning afterwards.
pub(super) async fn length_until(file: &mut File, entry: &str) -> io::Result<Option<u64>> {
    let own = format!(r#""uuid":"{entry}""#);
    let own = memmem::Finder::new(&own);
    let mut reader = BufReader::with_capacity(1 << 20, &mut *file);
    let (mut length, mut line) = (0, Vec::new());
    let found = loop {
        line.clear();
        length += reader.read_until(b'\n', &mut line).await? as u64;
        if !line.ends_with(b"\n") {
            break None;
        }
        if own.find(&line).is_some() {
            break Some(length);
        }
    };
    file.seek(SeekFrom::Start(0)).await?;
    Ok(found)
}
