//! One record, as people read it: a line for each thing that is known.

use serde_json::Value;

/// As JSON where that is wished for.
pub(crate) fn print(record: &Value, json: bool) {
    if json {
        println!("{record}");
        return;
    }
    let Value::Object(fields) = record else {
        return;
    };
    let known = fields.iter().filter(|(_, value)| !value.is_null());
    for (name, value) in known {
        println!("{:<22} {}", name.replace('_', " "), shown(value));
    }
}

/// A text in one line, and what is nested as JSON.
fn shown(value: &Value) -> String {
    let text = value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned);
    text.chars()
        .map(|c| if c == '\n' { ' ' } else { c })
        .filter(|c| !c.is_control())
        .collect()
}
