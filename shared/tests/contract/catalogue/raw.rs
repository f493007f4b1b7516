//! What the lists are made of in Redis, for tests that change it as crashes do.

use longshore_shared::id::SessionId;
use redis::aio::MultiplexedConnection;

use crate::backends::service;

/// The database itself, past the code under test.
pub(super) struct Raw {
    pub(super) redis: MultiplexedConnection,
    pub(super) namespace: String,
}

impl Raw {
    /// Finds the namespace by a session that is only there.
    pub(super) async fn of(session: SessionId) -> Self {
        let url = service("LONGSHORE_TEST_REDIS_URL").unwrap();
        let client = redis::Client::open(url).unwrap();
        let mut redis = client.get_multiplexed_async_connection().await.unwrap();
        let keys: Vec<String> = redis::cmd("KEYS")
            .arg(format!("*:{{{session}}}:session"))
            .query_async(&mut redis)
            .await
            .unwrap();
        let namespace = keys[0].split(':').next().unwrap().to_owned();
        Self { redis, namespace }
    }

    pub(super) async fn keys(&mut self, pattern: &str) -> Vec<String> {
        let pattern = format!("{}:{pattern}", self.namespace);
        let mut keys = redis::cmd("KEYS");
        keys.arg(pattern)
            .query_async(&mut self.redis)
            .await
            .unwrap()
    }

    pub(super) async fn delete(&mut self, pattern: &str) {
        let keys = self.keys(pattern).await;
        assert!(!keys.is_empty(), "{pattern}");
        let () = redis::cmd("DEL")
            .arg(keys)
            .query_async(&mut self.redis)
            .await
            .unwrap();
    }

    pub(super) async fn set(&mut self, key: &str, value: &str) {
        let mut set = redis::cmd("SET");
        set.arg(format!("{}:{key}", self.namespace)).arg(value);
        let () = set.query_async(&mut self.redis).await.unwrap();
    }

    pub(super) async fn enter(&mut self, set: &str, score: u64, member: &str) {
        let set = format!("{}:{set}", self.namespace);
        let mut enter = redis::cmd("ZADD");
        enter.arg(set).arg(score).arg(member);
        let () = enter.query_async(&mut self.redis).await.unwrap();
    }
}
