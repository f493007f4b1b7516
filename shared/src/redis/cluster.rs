//! A Redis Cluster, where every key lies on the node of its slot.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::try_join_all;
use redis::aio::ConnectionLike as _;
use redis::cluster::{ClusterClientBuilder, ClusterConfig};
use redis::cluster_async::ClusterConnection;
use redis::{Arg, Client, Cmd, Pipeline, RedisResult, Value};

use super::RESPONSE;
use super::address::Address;

/// The connections to it, made in the background.
#[derive(Clone)]
pub(super) struct Cluster {
    pub(super) hot: ClusterConnection,
    pub(super) pages: ClusterConnection,
    nodes: Arc<[Client]>,
    turn: Arc<AtomicUsize>,
}

impl Cluster {
    /// Must be called inside a runtime.
    pub(super) fn open(address: &Address) -> RedisResult<Self> {
        let mut builder = ClusterClientBuilder::new(address.hosts.clone())
            .connection_timeout(RESPONSE)
            .response_timeout(RESPONSE)
            // At once: a node that is down would otherwise hold up the search for who has its slots now.
            .max_connection_attempts(NonZeroUsize::MIN);
        if let Some(certificates) = &address.certificates
            && address.is_secured()
        {
            builder = builder.certs(certificates.clone());
        }
        let client = builder.build()?;
        let connection = || client.get_pending_async_connection_with_config(ClusterConfig::new());
        let nodes = address.hosts.iter();
        let nodes = nodes.map(|host| address.client(host.clone()));
        Ok(Self {
            hot: connection(),
            pages: connection(),
            nodes: nodes.collect::<RedisResult<_>>()?,
            turn: Arc::default(),
        })
    }

    /// A node to subscribe at, another one each time: what is published at one reaches all.
    pub(super) fn subscriber(&self) -> Client {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        self.nodes[turn % self.nodes.len()].clone()
    }
}

/// Whether the commands of a pipeline have to be run in its order, or may be run at once where they go to different nodes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    Kept,
    Any,
}

/// A pipeline goes to one node: here one is sent for each run of commands on keys that belong together. As on one node, what
/// stands behind a command that fails may or may not have been done.
pub(super) async fn send(
    connection: &mut ClusterConnection,
    pipeline: &Pipeline,
    order: Order,
) -> RedisResult<Vec<Value>> {
    let mut answers = Vec::with_capacity(pipeline.len());
    let parts = parts(pipeline);
    if order == Order::Kept {
        for part in &parts {
            let count = part.len();
            answers.extend(connection.req_packed_commands(part, 0, count).await?);
        }
        return Ok(answers);
    }
    let sent = parts.iter().map(|part| {
        let mut connection = connection.clone();
        async move { connection.req_packed_commands(part, 0, part.len()).await }
    });
    for answered in try_join_all(sent).await? {
        answers.extend(answered);
    }
    Ok(answers)
}

fn parts(pipeline: &Pipeline) -> Vec<Pipeline> {
    let (mut parts, mut last) = (Vec::<Pipeline>::new(), None);
    for cmd in pipeline.cmd_iter() {
        let tag = tag(cmd);
        match parts.last_mut() {
            Some(part) if tag == last => {
                part.add_command(cmd.clone());
            }
            _ => {
                let mut part = redis::pipe();
                part.add_command(cmd.clone());
                parts.push(part);
            }
        }
        last = tag;
    }
    parts
}

/// What of a command's key decides its slot: the part in braces, or all of it. Of scripts it is the first key, since
/// all of one script lie in one slot.
fn tag(cmd: &Cmd) -> Option<&[u8]> {
    let mut arguments = cmd.args_iter().filter_map(|argument| match argument {
        Arg::Simple(argument) => Some(argument),
        _ => None,
    });
    let key = match arguments.next()? {
        b"EVALSHA" => arguments.nth(2)?,
        _ => arguments.next()?,
    };
    let tagged = memchr::memchr(b'{', key).and_then(|begin| {
        let tag = &key[begin + 1..];
        memchr::memchr(b'}', tag).map(|end| &tag[..end])
    });
    Some(tagged.filter(|tag| !tag.is_empty()).unwrap_or(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pipeline_is_parted_where_the_slot_may_change() {
        let mut pipe = redis::pipe();
        pipe.get("n:{a}:1").get("n:{a}:2").get("n:b").get("n:{a}:3");
        pipe.invoke_script(&redis::Script::new("return 1").key("n:{a}:4"));
        pipe.hget("n:{}", "field").cmd("HSTRLEN").arg("n:{}").arg(1);
        let parts = parts(&pipe);
        let lengths: Vec<usize> = parts.iter().map(Pipeline::len).collect();
        assert_eq!(lengths, [2, 1, 2, 2]);
    }
}
