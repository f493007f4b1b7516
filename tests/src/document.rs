//! The published documents, to check by them what a server really sends.

use std::collections::BTreeSet;
use std::path::Path;

use jsonschema::Validator;
use serde_json::{Value, json};

use crate::client::{Answer, Client};

/// An OpenAPI or AsyncAPI document.
#[derive(Debug, Clone, PartialEq)]
pub struct Document(pub Value);

impl Document {
    /// A document of `docs/api`.
    ///
    /// # Panics
    /// When it is not there, or no YAML.
    #[must_use]
    pub fn committed(name: &str) -> Self {
        let file = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../docs/api")
            .join(name);
        let text = std::fs::read_to_string(file).expect("the document is there");
        Self(yaml_serde::from_str(&text).expect("it is YAML"))
    }

    /// The OpenAPI document that a server serves.
    pub async fn served(client: &Client) -> Self {
        Self(client.get("/openapi.json").await.body)
    }

    /// What a `$ref` leads to, else the value itself.
    ///
    /// # Panics
    /// When it leads nowhere.
    #[must_use]
    pub fn resolve<'a>(&'a self, value: &'a Value) -> &'a Value {
        match value["$ref"].as_str() {
            Some(to) => self
                .0
                .pointer(to.trim_start_matches('#'))
                .unwrap_or_else(|| panic!("{to} leads nowhere")),
            None => value,
        }
    }

    /// A validator for one schema, which may refer to others of the document.
    ///
    /// # Panics
    /// When it is no schema.
    #[must_use]
    pub fn validator(&self, schema: &Value) -> Validator {
        let mut root = json!({ "$ref": "#/x-schema", "x-schema": schema });
        root["components"] = self.0["components"].clone();
        jsonschema::validator_for(&root).unwrap_or_else(|error| panic!("{error}: {schema}"))
    }

    /// Checks an answer by what the OpenAPI document says of that operation: status, headers and body.
    ///
    /// # Panics
    /// When the document says something else.
    pub fn check(&self, method: &str, path: &str, answer: &Answer) {
        let of = format!("{} of {method} {path}", answer.status);
        let responses = &self.0["paths"][path][method]["responses"];
        let response = self.resolve(&responses[answer.status.as_str()]);
        assert!(response.is_object(), "{of} is not described");
        self.check_headers(&response["headers"], answer, &of);
        let schema = &response["content"]["application/json"]["schema"];
        assert!(schema.is_object(), "{of} is described without a body");
        is_valid(&self.validator(schema), &answer.body, &of);
    }

    /// What is required is there, and what is there is described and as described.
    fn check_headers(&self, described: &Value, answer: &Answer, of: &str) {
        for (name, header) in described.as_object().into_iter().flatten() {
            let required = header["required"] == true;
            assert!(
                !required || answer.headers.contains_key(name),
                "{of}: no {name}"
            );
        }
        for (name, value) in &answer.headers {
            if OF_HTTP.contains(&name.as_str()) {
                continue;
            }
            let header = &described[name.as_str()];
            assert!(header.is_object(), "{of}: {name} is not described");
            let text = value.to_str().expect("a text");
            let number = text.parse().map(|number: u64| json!(number));
            let validator = self.validator(&header["schema"]);
            let is_one = number.is_ok_and(|number| validator.is_valid(&number));
            assert!(
                is_one || validator.is_valid(&json!(text)),
                "{of}: {name}: {text}"
            );
        }
    }
}

/// What HTTP itself adds to an answer, and CORS.
const OF_HTTP: [&str; 5] = [
    "content-type",
    "content-length",
    "transfer-encoding",
    "date",
    "vary",
];

/// # Panics
/// When it is not, with what is wrong.
pub fn is_valid(validator: &Validator, value: &Value, of: &str) {
    let wrong: Vec<String> = validator
        .iter_errors(value)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(wrong.is_empty(), "{of}: {wrong:#?} in {value:#}");
}

/// The members of a frame and of its `data`; what the CLI printed is its own.
#[must_use]
pub fn members(frame: &Value) -> BTreeSet<String> {
    let own = |value: &Value, of: &str| -> Vec<String> {
        let members = value.as_object().into_iter().flatten();
        members.map(|(name, _)| format!("{of}{name}")).collect()
    };
    let mut all = own(frame, "");
    if frame["type"] != "claude_message" && frame["type"] != "partial" {
        all.extend(own(&frame["data"], "data."));
    }
    all.into_iter().collect()
}
