//! The headers that answers carry besides their bodies.

use serde_json::{Value, json};
use utoipa::openapi::RefOr;
use utoipa::openapi::header::Header;
use utoipa::openapi::schema::{ObjectBuilder, Schema, SchemaType, Type};

use super::schemas::string;

/// How the headers of the rate limit begin.
const QUOTA: &str = "x-ratelimit-";

pub(super) type Named = (&'static str, Header);

pub(super) fn trace_id() -> Named {
    let id = string().pattern(Some("^[0-9a-f]{32}$"));
    ("x-trace-id", header("The W3C trace id of the request", id))
}

/// What every error of that status carries.
pub(super) fn of_error(status: u16) -> Vec<Named> {
    let mut all = vec![trace_id()];
    match status {
        401 => all.push((
            "www-authenticate",
            header("`Bearer`, and why a token that was given is none", string()),
        )),
        426 => all.extend([
            ("connection", only("upgrade")),
            ("upgrade", only("websocket")),
            ("sec-websocket-version", only("13")),
        ]),
        429 | 503 => all.push((
            "retry-after",
            whole_number("Seconds after which a retry may succeed", Type::Integer),
        )),
        _ => {}
    }
    all
}

/// What execute's answers of that status tell of the caller's rate. Who is no caller is told nothing; a refusal may
/// come from before the limit, or from after it.
pub(super) fn of_limit(status: &str) -> Vec<Named> {
    let kind = match status {
        "401" => return Vec::new(),
        "403" | "500" | "503" => SchemaType::from_iter([Type::Integer, Type::Null]),
        _ => Type::Integer.into(),
    };
    [
        ("x-ratelimit-limit", "Requests at once: the burst"),
        ("x-ratelimit-remaining", "Requests that are left of them"),
        (
            "x-ratelimit-reset",
            "Epoch seconds at which all of them are back",
        ),
    ]
    .map(|(name, about)| (name, whole_number(about, kind.clone())))
    .into()
}

/// Takes the headers of the limit out of every answer, for a server without one.
pub(super) fn without_limit(document: &mut Value) {
    for_each(document, |headers| {
        headers.retain(|name, _| !name.starts_with(QUOTA));
    });
}

/// Says of every header that is always there that it is required: of all whose value is never null.
pub(super) fn require(document: &mut Value) {
    for_each(document, |headers| {
        for (_, header) in headers {
            if !header["schema"]["type"].is_array() {
                header["required"] = json!(true);
            }
        }
    });
}

/// The headers of every response in the document.
fn for_each(value: &mut Value, act: impl Fn(&mut serde_json::Map<String, Value>) + Copy) {
    let Value::Object(members) = value else {
        return;
    };
    if let Some(Value::Object(headers)) = members.get_mut("headers") {
        act(headers);
    }
    for member in members.values_mut() {
        for_each(member, act);
    }
}

fn only(value: &str) -> Header {
    Header::new(string().enum_values(Some([value])))
}

fn whole_number(about: &str, kind: impl Into<SchemaType>) -> Header {
    let number = ObjectBuilder::new()
        .schema_type(kind.into())
        .minimum(Some(0));
    header(about, number)
}

fn header(about: &str, schema: impl Into<RefOr<Schema>>) -> Header {
    let mut header = Header::new(schema);
    header.description = Some(about.to_owned());
    header
}
