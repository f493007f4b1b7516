//! The executions of one session, by their numbers.

use super::RedisCatalogue;
use crate::catalogue::Order;
use crate::error::Unavailable;
use crate::id::{ExecutionKey, SessionId};
use crate::redis::{call, on_session};

impl RedisCatalogue {
    pub(super) async fn numbered(
        &self,
        session: SessionId,
        after: Option<u64>,
        order: Order,
        limit: usize,
    ) -> Result<Vec<(u64, ExecutionKey)>, Unavailable> {
        let scripts = self.redis.scripts();
        let mut list = on_session(&scripts.of_session, self.redis.keys(), session);
        list.arg(after.map(|number| number.to_string()).unwrap_or_default())
            .arg(match order {
                Order::Ascending => "asc",
                Order::Descending => "desc",
            })
            .arg(limit);
        let mut hot = self.redis.hot();
        let found: Vec<(u64, String)> = call(list.invoke_async(&mut hot)).await?;
        let keys = found.into_iter().filter_map(|(number, execution)| {
            let execution = execution.parse().ok()?;
            Some((number, ExecutionKey { session, execution }))
        });
        Ok(keys.collect())
    }
}
