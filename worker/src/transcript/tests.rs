//! Transcripts are found, kept, fetched and pruned.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use longshore_shared::id::ExecutionId;

use super::*;

fn key() -> ExecutionKey {
    ExecutionKey {
        session: SessionId::generate(),
        execution: ExecutionId::generate(),
    }
}

struct Place {
    root: tempfile::TempDir,
    transcripts: Transcripts,
    key: ExecutionKey,
}

impl Place {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let transcripts = Transcripts::open(root.path().join("a/state").to_str().unwrap()).unwrap();
        Self {
            root,
            transcripts,
            key: key(),
        }
    }

    fn folder(&self, attempt: u32) -> RunFolder {
        let runs = self.root.path().join("runs");
        std::fs::create_dir_all(&runs).unwrap();
        RunFolder::create(&runs, self.key, attempt).unwrap()
    }
}

#[tokio::test]
async fn a_new_sessions_transcript_is_found_and_comes_back() {
    let place = Place::new();
    let first = place.folder(1);
    let project = first.config().join("projects/-work-x");
    fs::create_dir_all(&project).unwrap();
    let text = "{}\n".repeat(4 << 20);
    fs::write(project.join(format!("{}.jsonl", place.key.session)), &text).unwrap();
    let name = place
        .transcripts
        .save(place.key, 1, &first)
        .await
        .unwrap()
        .unwrap();

    let second = place.folder(2);
    let into = second.restored(place.key.session);
    place.transcripts.restore(&name, &into).await.unwrap();
    assert_eq!(fs::read_to_string(&into).unwrap(), text);
    assert_eq!(
        fs::metadata(&into).unwrap().permissions().mode() & 0o777,
        0o600
    );
    fs::write(&into, "longer").unwrap();
    let other = place
        .transcripts
        .save(place.key, 2, &second)
        .await
        .unwrap()
        .unwrap();
    assert_ne!(name, other);

    for _ in 0..2 {
        let session = place.key.session;
        place
            .transcripts
            .prune(session, &[&other, "unknown"])
            .await
            .unwrap();
    }
    let third = place.folder(3);
    let into = third.restored(place.key.session);
    let gone = place.transcripts.restore(&name, &into).await;
    assert!(matches!(gone, Err(TranscriptError::Missing)));
    place.transcripts.restore(&other, &into).await.unwrap();
    assert_eq!(fs::read_to_string(&into).unwrap(), "longer");
}

#[tokio::test]
async fn a_checkpoint_ends_with_its_entry_and_is_found_by_the_next_attempt() {
    let place = Place::new();
    let (transcripts, key) = (&place.transcripts, place.key);
    let folder = place.folder(1);
    let first = r#"{"type":"user","uuid":"a"}"#;
    let second = r#"{"parentUuid":"a","uuid":"b"}"#;
    let text = format!("{first}\n{second}\n{{\"uuid\":\"c\"");
    fs::write(folder.restored(key.session), text).unwrap();
    assert_eq!(transcripts.kept(key).await.unwrap(), Kept::default());
    for unfinished in ["c", "d"] {
        let saved = transcripts.save_until(key, 1, &folder, unfinished).await;
        assert_eq!(saved.unwrap(), None);
    }
    for (attempt, entry) in [(2, "b"), (10, "b"), (10, "a")] {
        let saved = transcripts.save_until(key, attempt, &folder, entry).await;
        assert!(saved.unwrap().is_some());
    }
    transcripts.save(key, 10, &folder).await.unwrap();
    let other = ExecutionKey {
        execution: ExecutionId::generate(),
        ..key
    };
    let latest = transcripts.save(other, 1, &folder).await.unwrap();
    let kept = transcripts.kept(key).await.unwrap();
    assert_eq!(kept.latest, latest);

    let next = place.folder(11);
    let into = next.restored(key.session);
    let checkpoint = kept.checkpoint.unwrap();
    transcripts.restore(&checkpoint, &into).await.unwrap();
    assert_eq!(fs::read_to_string(&into).unwrap(), format!("{first}\n"));
    let kept = transcripts.kept(other).await.unwrap();
    assert_eq!(kept.checkpoint, None);
    assert!(kept.latest.unwrap().contains(&key.execution.to_string()));
}

#[tokio::test]
async fn what_is_no_transcript_is_not_kept() {
    let place = Place::new();
    let folder = place.folder(1);
    assert_eq!(
        place.transcripts.save(place.key, 1, &folder).await.unwrap(),
        None
    );
    let project = folder.config().join("projects/-work-x");
    fs::create_dir_all(&project).unwrap();
    fs::write(folder.config().join("projects/file"), "x").unwrap();
    symlink(
        "/etc/passwd",
        project.join(format!("{}.jsonl", place.key.session)),
    )
    .unwrap();
    assert_eq!(
        place.transcripts.save(place.key, 1, &folder).await.unwrap(),
        None
    );
    fs::write(folder.restored(place.key.session), "").unwrap();
    assert_eq!(
        place.transcripts.save(place.key, 1, &folder).await.unwrap(),
        None
    );
}

#[test]
fn other_storages_are_refused_by_name() {
    let refused = Transcripts::open("s3://bucket/x").unwrap_err().to_string();
    assert!(refused.starts_with("`s3:` is no kind"), "{refused}");
    assert!(Transcripts::open("/dev/null/x").is_err());
    let folder = tempfile::tempdir().unwrap();
    Transcripts::open(&format!("file://{}", folder.path().display())).unwrap();
}
