//! Taking executions from the lists whose records are gone.

use redis::Pipeline;

use super::{Entry, RedisCatalogue};
use crate::error::Unavailable;
use crate::redis::call;

impl RedisCatalogue {
    /// Removes entries that were seen without a record, with their pointers. Looks once more afterwards: a record that
    /// was written meanwhile is entered again, since its writer may have entered it before.
    pub(super) async fn forget(&self, entries: &[&Entry]) -> Result<(), Unavailable> {
        if entries.is_empty() {
            return Ok(());
        }
        let keys = self.redis.keys();
        let mut remove = Pipeline::new();
        for entry in entries {
            entry.remove(&mut remove, keys);
            remove.del(keys.pointer(entry.key.execution));
        }
        self.tell(remove.ignore()).await?;
        let gone = self.without_record(entries).await?;
        let mut enter = Pipeline::new();
        for entry in entries.iter().filter(|entry| !gone.contains(entry)) {
            let session = entry.key.session.to_string();
            enter.set_nx(keys.pointer(entry.key.execution), session);
            entry.enter(&mut enter, keys);
        }
        if !enter.is_empty() {
            self.tell(enter.ignore()).await?;
        }
        Ok(())
    }

    async fn tell(&self, writes: &Pipeline) -> Result<(), Unavailable> {
        let mut hot = self.redis.hot();
        call(writes.query_async(&mut hot)).await
    }

    /// Those of these entries whose records are not there.
    pub(super) async fn without_record<'a>(
        &self,
        entries: &[&'a Entry],
    ) -> Result<Vec<&'a Entry>, Unavailable> {
        if entries.is_empty() {
            return Ok(Vec::new());
        }
        let mut pipe = Pipeline::new();
        for entry in entries {
            pipe.exists(self.redis.keys().execution(entry.key));
        }
        let there: Vec<bool> = self.redis.list(&pipe).await?;
        let gone = entries.iter().zip(there).filter(|(_, there)| !there);
        Ok(gone.map(|(entry, _)| *entry).collect())
    }
}
