//! Reading metrics as Prometheus does.

use tests::server::Server;

use super::{admin, programs};

/// What a program shows of its metrics.
pub(super) struct Scraped(pub(super) String);

impl Scraped {
    /// The value of one series, as `name{label="value"}`; 0 where it is not shown.
    pub(super) fn value(&self, series: &str) -> f64 {
        let of = |line: &str| line.strip_prefix(series)?.strip_prefix(' ')?.parse().ok();
        self.0.lines().find_map(of).unwrap_or(0.0)
    }
}

/// What every program shows.
pub(super) async fn scrape(server: &Server) -> Vec<Scraped> {
    let mut all = Vec::new();
    for program in programs(server) {
        let answer = admin(program).await.get("/metrics").await;
        all.push(Scraped(answer.body.as_str().unwrap().to_owned()));
    }
    all
}

/// The value of one series, over all programs.
pub(super) async fn total(server: &Server, series: &str) -> f64 {
    let all = scrape(server).await;
    all.iter().map(|scraped| scraped.value(series)).sum()
}
