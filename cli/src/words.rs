//! Values of the API as people read them.

use std::time::Duration;

use longshore_shared::timestamp::Timestamp;
use serde_json::Value;

/// A text, or nothing.
pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// A number, or nothing.
pub(crate) fn number(value: &Value) -> String {
    if value.is_number() {
        value.to_string()
    } else {
        String::new()
    }
}

/// Dollars, or nothing.
pub(crate) fn money(value: &Value) -> String {
    value
        .as_f64()
        .map_or_else(String::new, |usd| format!("${usd:.4}"))
}

/// How long ago that was.
pub(crate) fn age(value: &Value) -> String {
    time(value).map_or_else(String::new, |at| format!("{} ago", coarse(at.age())))
}

/// From one moment to another, or until now.
pub(crate) fn between(begin: &Value, end: &Value) -> String {
    let Some(begin) = time(begin) else {
        return String::new();
    };
    let end = time(end).unwrap_or_else(Timestamp::now);
    let ms = u64::try_from(end.0 - begin.0).unwrap_or(0);
    match Duration::from_millis(ms) {
        short if ms < 10_000 => format!("{:.1} s", short.as_secs_f64()),
        long => coarse(long),
    }
}

fn time(value: &Value) -> Option<Timestamp> {
    serde_json::from_value(value.clone()).ok()
}

/// In the largest unit that holds it.
fn coarse(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds / 60),
        3600..86_400 => format!("{} h", seconds / 3600),
        _ => format!("{} d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn durations_are_told_as_people_tell_them() {
        let at = |ms: i64| json!(Timestamp(ms));
        assert_eq!(between(&at(0), &at(1_234)), "1.2 s");
        assert_eq!(between(&at(0), &at(59_999)), "59 s");
        assert_eq!(between(&at(0), &at(3_599_000)), "59 min");
        assert_eq!(between(&at(0), &at(100_000_000)), "1 d");
        assert_eq!(between(&at(5), &at(0)), "0.0 s", "clocks may differ");
        assert_eq!(between(&Value::Null, &at(0)), "");
        assert!(age(&json!(Timestamp::now())).ends_with(" s ago"));
    }
}
