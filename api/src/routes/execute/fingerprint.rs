//! What tells whether two bodies are one request: their JSON values, each in its one spelling, as SHA-256.

use std::collections::BTreeMap;

use longshore_shared::digest::digest;
use serde_json::value::RawValue;

/// The same for two objects that are equal as JSON values, whatever their white space, the order of their keys and the
/// spelling of their strings and numbers. Numbers of any size are compared exactly. A field of the request that is null
/// counts as absent, as it does in the request.
///
/// # Errors
/// When something in it is no JSON.
pub(super) fn fingerprint(fields: &BTreeMap<String, Box<RawValue>>) -> serde_json::Result<String> {
    let mut text = String::new();
    let fields = fields.iter().map(|(name, value)| (name, &**value));
    let fields = fields.filter(|(_, value)| value.get() != "null");
    object(&mut text, fields)?;
    Ok(digest(&text))
}

/// Numbers apart, nothing is spelled in two ways by what `serde_json` writes.
fn value(out: &mut String, raw: &RawValue) -> serde_json::Result<()> {
    let text = raw.get();
    match text.as_bytes().first() {
        Some(b'{') => {
            let fields: BTreeMap<String, &RawValue> = serde_json::from_str(text)?;
            object(out, fields.iter().map(|(name, value)| (name, *value)))
        }
        Some(b'[') => array(out, &serde_json::from_str::<Vec<&RawValue>>(text)?),
        Some(b'"') => string(out, &serde_json::from_str::<String>(text)?),
        Some(b'-' | b'0'..=b'9') => {
            out.push_str(&number(text));
            Ok(())
        }
        _ => {
            out.push_str(text); // true, false and null.
            Ok(())
        }
    }
}

/// The fields come in the order of their names.
fn object<'a>(
    out: &mut String,
    fields: impl Iterator<Item = (&'a String, &'a RawValue)>,
) -> serde_json::Result<()> {
    out.push('{');
    for (name, field) in fields {
        string(out, name)?;
        out.push(':');
        value(out, field)?;
        out.push(',');
    }
    out.push('}');
    Ok(())
}

fn array(out: &mut String, items: &[&RawValue]) -> serde_json::Result<()> {
    out.push('[');
    for item in items {
        value(out, item)?;
        out.push(',');
    }
    out.push(']');
    Ok(())
}

fn string(out: &mut String, text: &str) -> serde_json::Result<()> {
    out.push_str(&serde_json::to_string(text)?);
    Ok(())
}

/// A number as its digits without zeros around them and a power of ten: `12e-1` for `1.20`. One whose power nobody can
/// count to is equal only to itself.
fn number(text: &str) -> String {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text),
    };
    let (mantissa, power) = digits.split_once(['e', 'E']).unwrap_or((digits, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let short = digits.trim_end_matches('0');
    let Ok(power) = power.parse::<i64>() else {
        return text.to_owned();
    };
    if short.is_empty() {
        return "0".to_owned();
    }
    let power = i128::from(power) - fraction.len() as i128 + (digits.len() - short.len()) as i128;
    format!("{sign}{}e{power}", short.trim_start_matches('0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(body: &str) -> String {
        fingerprint(&serde_json::from_str(body).unwrap()).unwrap()
    }

    #[test]
    fn spelling_makes_no_difference() {
        for (one, other) in [
            (
                r#"{"a":1,"b":[1,{"c":2,"d":3}]}"#,
                "{ \"b\": [1 ,{\"d\":3,\"c\":2}],\n\"a\":1 }",
            ),
            (r#"{"a":"\u00e4\/\n"}"#, "{\"\\u0061\":\"ä/\\u000a\"}"),
            ("{}", r#"{ "a" : null }"#),
            (r#"{"a":1}"#, r#"{"a":1.0}"#),
            (r#"{"a":1}"#, r#"{"a":1e0}"#),
            (r#"{"a":1}"#, r#"{"a":10E-1}"#),
            (r#"{"a":1}"#, r#"{"a":0.001e+3}"#),
            (r#"{"a":-1200}"#, r#"{"a":-1.2e3}"#),
            (r#"{"a":0}"#, r#"{"a":-0.00e7}"#),
            (
                r#"{"a":12345678901234567890123}"#,
                r#"{"a":1234567890123456789012.3e1}"#,
            ),
            (
                r#"{"a":1e-99999999999999999999}"#,
                r#"{"a":1e-99999999999999999999}"#,
            ),
        ] {
            assert_eq!(of(one), of(other), "{one} and {other}");
        }
    }

    #[test]
    fn different_values_differ() {
        let bodies = [
            "{}",
            r#"{"a":{"b":null}}"#,
            r#"{"a":1}"#,
            r#"{"a":-1}"#,
            r#"{"a":"1"}"#,
            r#"{"a":"1e0"}"#,
            r#"{"a":10}"#,
            r#"{"a":0.1}"#,
            r#"{"a":101}"#,
            r#"{"a":11}"#,
            r#"{"a":1e-99999999999999999998}"#,
            r#"{"a":1e-99999999999999999999}"#,
            r#"{"a":12345678901234567890123}"#,
            r#"{"a":12345678901234567890124}"#,
            r#"{"a":[]}"#,
            r#"{"a":{}}"#,
            r#"{"a":[1]}"#,
            r#"{"a":[1,2]}"#,
            r#"{"a":[2,1]}"#,
            r#"{"a":[12]}"#,
            r#"{"a":[[1],2]}"#,
            r#"{"a":true}"#,
            r#"{"a":"a\",\"b\":\"c"}"#,
            r#"{"a":"a","b":"c"}"#,
            r#"{"A":1}"#,
        ];
        for (n, one) in bodies.iter().enumerate() {
            for other in &bodies[n + 1..] {
                assert_ne!(of(one), of(other), "{one} and {other}");
            }
        }
    }
}
