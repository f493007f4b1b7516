//! The API's settings: flags and variables, parsed into a form that cannot be wrong.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use axum::http::{HeaderValue, Uri};
use clap::{Args, Parser};
use longshore_shared::config::{
    ClusterSettings, InvalidSetting, LogSettings, RetentionSettings, ToolList, address, duration,
    tool_list,
};
use longshore_shared::healthcheck::Instead;
use longshore_shared::rate_limit::Limit;

pub mod identity;
pub mod secret;

use identity::IdentitySettings;

/// Longshore's API: accepts executions, and streams them to WebSocket clients.
#[derive(Debug, Parser)]
#[command(name = "longshore-api", version, about)]
pub struct Cli {
    /// Where the API listens; without a key for tokens only a loopback address is taken
    #[arg(long, env = "LONGSHORE_BIND", value_name = "ADDRESS", default_value = "127.0.0.1:8080", value_parser = address)]
    pub bind: SocketAddr,

    #[command(flatten)]
    pub cluster: ClusterSettings,
    #[command(flatten)]
    pub retention: RetentionSettings,
    #[command(flatten)]
    pub api: ApiSettings,
    #[command(flatten)]
    pub log: LogSettings,

    /// Where /metrics, /healthz and /readyz answer; empty: nowhere
    #[arg(
        long,
        env = "LONGSHORE_ADMIN_BIND",
        value_name = "ADDRESS",
        default_value = "127.0.0.1:9090"
    )]
    pub admin_bind: String,

    /// Instead of serving.
    #[command(subcommand)]
    pub instead: Option<Instead>,
}

/// What decides what is accepted.
#[derive(Debug, Clone, Args)]
pub struct ApiSettings {
    /// The longest timeout an execution may ask for
    #[arg(long, env = "LONGSHORE_MAX_EXECUTION_TIMEOUT", value_name = "DURATION", default_value = "24h", value_parser = duration)]
    pub max_execution_timeout: Duration,

    /// Tools that executions may ask for, none: any; commas inside parentheses do not separate
    #[arg(long, env = "LONGSHORE_ALLOWED_TOOLS", value_name = "TOOLS", default_value = "", hide_default_value = true, value_parser = tool_list)]
    pub allowed_tools: ToolList,

    /// Origins whose pages may call the API and open WebSockets, besides the server's own
    #[arg(long, env = "LONGSHORE_ALLOWED_ORIGINS", value_name = "ORIGINS", default_value = "", hide_default_value = true, value_parser = origins)]
    pub allowed_origins: AllowedOrigins,

    /// WebSockets and event streams open at once
    #[arg(long, env = "LONGSHORE_MAX_WEBSOCKETS", value_name = "COUNT", default_value = "50000", value_parser = clap::value_parser!(u32).range(1..))]
    pub max_websockets: u32,

    /// WebSockets and event streams of one caller open at once
    #[arg(long, env = "LONGSHORE_MAX_WEBSOCKETS_PER_CALLER", value_name = "COUNT", default_value = "1000", value_parser = clap::value_parser!(u32).range(1..))]
    pub max_websockets_per_caller: u32,

    /// Executes a minute that each caller is granted, by all replicas together; 0: any number
    #[arg(
        long,
        env = "LONGSHORE_RATE_LIMIT",
        value_name = "COUNT",
        default_value = "600"
    )]
    pub rate_limit: u32,

    /// Executes that a caller may save up and send at once
    #[arg(
        long,
        env = "LONGSHORE_RATE_BURST",
        value_name = "COUNT",
        default_value = "60"
    )]
    pub rate_burst: NonZeroU32,

    /// Pending executions over which no more are accepted
    #[arg(long, env = "LONGSHORE_MAX_QUEUE", value_name = "COUNT", default_value = "100000", value_parser = clap::value_parser!(u64).range(1..))]
    pub max_queue: u64,

    #[command(flatten)]
    pub identity: IdentitySettings,
}

impl ApiSettings {
    /// The largest `timeout_seconds`.
    pub(crate) fn max_timeout(&self) -> u64 {
        self.max_execution_timeout.as_secs().max(1)
    }

    /// What each caller is granted, where that is limited.
    pub(crate) fn rate_limit(&self) -> Option<Limit> {
        Some(Limit {
            per_minute: NonZeroU32::new(self.rate_limit)?,
            burst: self.rate_burst,
        })
    }

    /// Whether an execution may ask for a tool: any, where none is named.
    pub(crate) fn allows(&self, tool: &String) -> bool {
        self.allowed_tools.0.is_empty() || self.allowed_tools.0.contains(tool)
    }

    /// As long as callers are not identified, nobody else's machine may call.
    ///
    /// # Errors
    /// When there is no key, and the address is none of this machine's own.
    pub fn check_bind(&self, bind: SocketAddr) -> Result<(), InvalidSetting> {
        if self.identity.has_key() || bind.ip().is_loopback() {
            return Ok(());
        }
        let reason = "callers are not identified without a key (--jwt-secret, --jwt-public-key or --jwks), \
                      so only a loopback address such as 127.0.0.1:8080 is served";
        Err(InvalidSetting::new(format_args!("--bind {bind}"), reason))
    }
}

/// Origins as browsers send them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowedOrigins(Vec<HeaderValue>);

impl AllowedOrigins {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &HeaderValue> {
        self.0.iter()
    }

    pub(crate) fn allow(&self, origin: &HeaderValue) -> bool {
        self.0.contains(origin)
    }

    /// Whether one of them is on that host.
    pub(crate) fn name(&self, host: &str) -> bool {
        let mut hosts = self
            .0
            .iter()
            .filter_map(|origin| origin.to_str().ok()?.split_once("://"));
        hosts.any(|(_, allowed)| allowed.eq_ignore_ascii_case(host))
    }
}

fn origins(text: &str) -> Result<AllowedOrigins, String> {
    let all = text
        .split(',')
        .map(str::trim)
        .filter(|origin| !origin.is_empty());
    all.map(origin)
        .collect::<Result<_, _>>()
        .map(AllowedOrigins)
}

/// Browsers compare nothing but the text, so that anything else than what they send would never match.
fn origin(text: &str) -> Result<HeaderValue, String> {
    let wanted = || format!("{text:?} is no origin; one like https://app.example.com is needed");
    let uri: Uri = text.parse().map_err(|_| wanted())?;
    let origin = match (uri.scheme_str(), uri.authority()) {
        (Some(scheme), Some(authority)) => format!("{scheme}://{authority}").to_lowercase(),
        _ => return Err(wanted()),
    };
    if text.trim_end_matches('/').eq_ignore_ascii_case(&origin) && !origin.contains('@') {
        HeaderValue::from_str(without_default_port(&origin)).map_err(|_| wanted())
    } else {
        Err(wanted())
    }
}

/// Browsers leave the port out that the scheme has anyway.
fn without_default_port(origin: &str) -> &str {
    let port = match origin.split_once("://") {
        Some(("https", _)) => ":443",
        Some(("http", _)) => ":80",
        _ => return origin,
    };
    origin.strip_suffix(port).unwrap_or(origin)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_what_browsers_send() {
        let allowed = origins(" https://App.example/, http://[::1]:8080 ").unwrap();
        for origin in ["https://app.example", "http://[::1]:8080"] {
            assert!(allowed.allow(&HeaderValue::from_static(origin)), "{origin}");
        }
        for (given, sent) in [
            ("https://app.example:443", "https://app.example"),
            ("http://[::1]:80/", "http://[::1]"),
            ("https://app.example:80", "https://app.example:80"),
            ("https://app.example:8443", "https://app.example:8443"),
        ] {
            let allowed = origins(given).unwrap();
            assert!(allowed.allow(&HeaderValue::from_static(sent)), "{given}");
        }
        assert_eq!(origins(""), Ok(AllowedOrigins(Vec::new())));
        for bad in [
            "app.example",
            "*",
            "null",
            "https://app.example/path",
            "https://me@app.example",
            "https://a b",
        ] {
            assert!(origins(bad).is_err(), "{bad}");
        }
    }
}
