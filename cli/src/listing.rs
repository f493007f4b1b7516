//! Lists in pages, as long as more is wanted.

use serde_json::Value;

use crate::client::Api;

/// What the API gives at once at most.
const PAGE: usize = 200;

/// At most `limit` things of a list, page after page.
///
/// # Errors
/// When the API refuses it or does not answer.
pub(crate) async fn read(
    api: &Api,
    path: &str,
    name: &str,
    filters: &[(&str, Option<String>)],
    limit: usize,
) -> anyhow::Result<Vec<Value>> {
    let mut all = Vec::new();
    let mut cursor: Option<String> = None;
    while all.len() < limit {
        let wanted = (limit - all.len()).min(PAGE);
        let mut query: Vec<_> = filters.to_vec();
        query.push(("limit", Some(wanted.to_string())));
        query.push(("cursor", cursor));
        let mut page = api.get(path, &query).await?;
        if let Value::Array(things) = page[name].take() {
            all.extend(things);
        }
        cursor = page["next_cursor"].as_str().map(str::to_owned);
        if cursor.is_none() {
            break;
        }
    }
    Ok(all)
}

/// Each as a line of JSON.
pub(crate) fn print_json(things: &[Value]) {
    for thing in things {
        println!("{thing}");
    }
}
