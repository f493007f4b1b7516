//! What must hold when everything is over: all that was accepted has ended, and nothing is kept for it any more.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::time::{sleep, timeout};

use crate::process::PATIENCE;
use crate::server::Server;

const PAUSE: Duration = Duration::from_millis(50);

impl Server {
    /// Waits until these have ended and no worker, list or channel of this server holds anything of them.
    ///
    /// # Panics
    /// When one does not end, when others are on record, or when something is kept.
    pub async fn settled(&self, accepted: &[String]) {
        for execution in accepted {
            self.ended(execution).await;
        }
        assert_eq!(
            self.listed().await,
            accepted.iter().cloned().collect::<BTreeSet<_>>(),
            "what is on record is what was accepted"
        );
        self.nothing_is_kept().await;
    }

    /// As [`Self::settled`], where others were refused: those are on record as failed, or not at all.
    ///
    /// # Panics
    /// When one does not end, or something is kept.
    pub async fn settled_with_refused(&self, accepted: &[String]) {
        for execution in accepted {
            self.ended(execution).await;
        }
        let mut listed = self.listed().await;
        for execution in accepted {
            assert!(listed.remove(execution), "{execution} is on record");
        }
        for refused in listed {
            let record = self.ended(&refused).await;
            assert_eq!(record["status"], "failed", "{record:#}");
            assert!(record["attempt"].is_null(), "it never ran: {record:#}");
        }
        self.nothing_is_kept().await;
    }

    async fn nothing_is_kept(&self) {
        let mut kept = Vec::new();
        let empty = async {
            loop {
                kept = self.kept().await;
                if kept.is_empty() {
                    return;
                }
                sleep(PAUSE).await;
            }
        };
        let in_time = timeout(PATIENCE, empty).await.is_ok();
        assert!(in_time, "this is kept of what has ended: {kept:?}");
    }

    /// The ids of all executions, page after page.
    ///
    /// # Panics
    /// When there is no such list.
    pub async fn listed(&self) -> BTreeSet<String> {
        let (mut ids, mut cursor) = (BTreeSet::new(), String::new());
        loop {
            let path = format!("/api/v1/claude/executions?limit=100{cursor}");
            let page = self.other().get(&path).await.body;
            let items = page["executions"].as_array().expect("a list");
            ids.extend(
                items
                    .iter()
                    .filter_map(|one| one["execution_id"].as_str())
                    .map(str::to_owned),
            );
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return ids,
            }
        }
    }

    /// Names of sets that still hold something, and of channels that are listened to.
    pub(crate) async fn kept(&self) -> Vec<String> {
        let Some(redis) = self.redis_url() else {
            return Vec::new();
        };
        let namespace = self.namespace();
        let mut kept = Vec::new();
        for set in ["leases", "undispatched", "pending"] {
            let key = format!("{namespace}:{set}");
            let members: Vec<String> =
                crate::services::ask_redis(redis, &["ZRANGE", &key, "0", "-1"]).await;
            kept.extend(members.into_iter().map(|member| format!("{set}: {member}")));
        }
        let pattern = format!("{namespace}:*:live:*");
        let channels: Vec<String> =
            crate::services::ask_redis(redis, &["PUBSUB", "CHANNELS", &pattern]).await;
        kept.extend(channels);
        kept
    }
}
