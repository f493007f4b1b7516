//! Where Redis is: one node, one behind sentinels, or a cluster.

use redis::{
    Client, ClientTlsConfig, ConnectionAddr, ConnectionInfo, IntoConnectionInfo,
    RedisConnectionInfo, RedisResult, TlsCertificates,
};

use crate::config::InvalidSetting;
use crate::tls::Tls;

/// What `--redis-url` says, with how the other side is known.
#[derive(Clone)]
pub(crate) struct Address {
    pub(super) form: Form,
    /// One for each host named.
    pub(super) hosts: Vec<ConnectionInfo>,
    pub(super) certificates: Option<TlsCertificates>,
}

/// What is at the hosts that an address names.
#[derive(Clone, Debug)]
pub(super) enum Form {
    /// Redis itself.
    Node,
    /// Sentinels, which say where the master of that name is; with the account that the master knows.
    Sentinel {
        master: String,
        account: RedisConnectionInfo,
    },
    /// Nodes of a cluster.
    Cluster,
}

/// Unless the address says otherwise.
const SENTINEL_PORT: u16 = 26379;

const WANTED: &str = "an address like redis://user:password@host:6379 is needed, \
     redis+sentinel://host:26379,host:26379/master or redis+cluster://host:6379,host:6379; with rediss for TLS";

impl Address {
    /// The forms are `redis://…` as the library reads it, `redis+sentinel://user:password@host:port,…/master` and
    /// `redis+cluster://user:password@host:port,…`. The account is the one at Redis; where sentinels have accounts too,
    /// theirs follows the master's name: `?sentinel=user:password`. `rediss` in place of `redis` is TLS, to sentinels too.
    ///
    /// # Errors
    /// When it is none of them; the message does not repeat it, for the password in it.
    pub(crate) fn parse(url: &str, tls: &Tls) -> Result<Self, InvalidSetting> {
        let (form, hosts) = match url.split_once("://") {
            Some(("redis+sentinel", rest)) => sentinel("redis", rest),
            Some(("rediss+sentinel", rest)) => sentinel("rediss", rest),
            Some(("redis+cluster", rest)) => cluster("redis", rest),
            Some(("rediss+cluster", rest)) => cluster("rediss", rest),
            _ => info(url).map(|host| (Form::Node, vec![host])),
        }
        .ok_or_else(|| InvalidSetting::new("--redis-url", WANTED))?;
        Ok(Self {
            form,
            hosts,
            certificates: certificates(tls),
        })
    }

    /// A client of one host, that trusts and shows what the settings say.
    pub(super) fn client(&self, host: ConnectionInfo) -> RedisResult<Client> {
        match &self.certificates {
            Some(certificates) if self.is_secured() => {
                Client::build_with_tls(host, certificates.clone())
            }
            _ => Client::open(host),
        }
    }

    pub(super) fn is_secured(&self) -> bool {
        let secured = |host: &ConnectionInfo| matches!(host.addr(), ConnectionAddr::TcpTls { .. });
        self.hosts.iter().all(secured)
    }

    /// A host that is reached as those named are, with an account.
    pub(super) fn host(
        &self,
        host: String,
        port: u16,
        account: RedisConnectionInfo,
    ) -> RedisResult<ConnectionInfo> {
        let address = if self.is_secured() {
            ConnectionAddr::TcpTls {
                host,
                port,
                insecure: false,
                tls_params: None,
            }
        } else {
            ConnectionAddr::Tcp(host, port)
        };
        Ok(address.into_connection_info()?.set_redis_settings(account))
    }
}

fn sentinel(scheme: &str, rest: &str) -> Option<(Form, Vec<ConnectionInfo>)> {
    let (authority, tail) = rest.split_once('/')?;
    let (master, query) = tail.split_once('?').unwrap_or((tail, ""));
    if master.is_empty() || master.contains('/') {
        return None;
    }
    let (account, hosts) = authority.rsplit_once('@').unwrap_or(("", authority));
    let own = match query.split_once('=') {
        None if query.is_empty() => "",
        Some(("sentinel", own)) => own,
        _ => return None,
    };
    let hosts = hosts.split(',').map(|host| {
        let port = host
            .rsplit_once(':')
            .filter(|(_, port)| !port.ends_with(']'));
        match port {
            Some(_) => info(&at(scheme, own, host)),
            None => info(&at(scheme, own, &format!("{host}:{SENTINEL_PORT}"))),
        }
    });
    let account = info(&at(scheme, account, "master"))?;
    let form = Form::Sentinel {
        master: master.to_owned(),
        account: account.redis_settings().clone(),
    };
    Some((form, hosts.collect::<Option<_>>()?))
}

fn cluster(scheme: &str, rest: &str) -> Option<(Form, Vec<ConnectionInfo>)> {
    let authority = rest.trim_end_matches('/');
    if authority.contains(['/', '?']) {
        return None; // A cluster has one database, and nothing else can be said of it.
    }
    let (account, hosts) = authority.rsplit_once('@').unwrap_or(("", authority));
    let hosts = hosts
        .split(',')
        .map(|host| info(&at(scheme, account, host)));
    Some((Form::Cluster, hosts.collect::<Option<_>>()?))
}

fn at(scheme: &str, account: &str, host: &str) -> String {
    let sign = if account.is_empty() { "" } else { "@" };
    format!("{scheme}://{account}{sign}{host}/")
}

fn info(url: &str) -> Option<ConnectionInfo> {
    url.into_connection_info().ok()
}

fn certificates(tls: &Tls) -> Option<TlsCertificates> {
    if tls.authorities.is_none() && tls.own.is_none() {
        return None;
    }
    Some(TlsCertificates {
        client_tls: tls.own.as_ref().map(|own| ClientTlsConfig {
            client_cert: own.certificate.clone(),
            client_key: own.key.clone(),
        }),
        root_cert: tls.authorities.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(url: &str) -> Result<Address, String> {
        Address::parse(url, &Tls::default()).map_err(|error| error.to_string())
    }

    fn hosts(address: &Address) -> Vec<String> {
        let hosts = address.hosts.iter();
        hosts.map(|host| host.addr().to_string()).collect()
    }

    #[test]
    fn an_address_names_one_node_sentinels_or_a_cluster() {
        let node = parse("redis://me:secret@redis/3").unwrap();
        assert!(matches!(node.form, Form::Node) && hosts(&node) == ["redis:6379"]);

        let cluster = parse("rediss+cluster://me:secret@a,b:7000,[::1]:7001").unwrap();
        assert!(matches!(cluster.form, Form::Cluster) && cluster.is_secured());
        assert_eq!(hosts(&cluster).len(), 3);
        let account = cluster.hosts[1].redis_settings();
        assert_eq!(
            (account.username(), account.password()),
            (Some("me"), Some("secret"))
        );

        let behind = parse("redis+sentinel://me:p%40ss@a,b:7/main?sentinel=watch:dog").unwrap();
        let Form::Sentinel { master, account } = &behind.form else {
            panic!("{:?}", behind.form)
        };
        assert_eq!(
            (master.as_str(), account.password()),
            ("main", Some("p@ss"))
        );
        assert_eq!(hosts(&behind), ["a:26379", "b:7"]);
        assert_eq!(behind.hosts[0].redis_settings().username(), Some("watch"));
        assert!(!behind.is_secured());
    }

    #[test]
    fn a_wrong_one_is_refused_without_its_password() {
        for bad in [
            "",
            "secret",
            "http://me:secret@host",
            "redis+sentinel://me:secret@host:26379",
            "redis+sentinel://me:secret@host/",
            "redis+sentinel://me:secret@host/main?other=secret",
            "redis+cluster://me:secret@host/3",
            "redis+cluster://me:secret@host:secret",
            "redis+other://me:secret@host",
        ] {
            let error = parse(bad)
                .err()
                .unwrap_or_else(|| panic!("{bad} was taken"));
            assert!(error.starts_with("--redis-url: "), "{error}");
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
