//! Single members of a JSON object, borrowed, without reading the rest of it into memory.

use std::borrow::Cow;
use std::fmt;

use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// The values of the named members, in the order of `names`; of a key that comes twice the last one counts, as in
/// JavaScript. Checks the whole text, so numbers of any size and objects of any depth are fine.
///
/// # Errors
/// When the text is no JSON object.
pub(crate) fn fields<'a, const N: usize>(
    json: &'a str,
    names: [&str; N],
) -> Result<[Option<&'a RawValue>; N], serde_json::Error> {
    let mut reader = serde_json::Deserializer::from_str(json);
    let found = reader.deserialize_map(Members(names))?;
    reader.end()?;
    Ok(found)
}

/// A JSON string; `None` for any other value, and for one that is no text (a lone surrogate).
pub(crate) fn text(json: &RawValue) -> Option<Cow<'_, str>> {
    #[derive(Deserialize)]
    struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

    let Text(text) = serde_json::from_str(json.get()).ok()?;
    Some(text)
}

struct Members<'n, const N: usize>([&'n str; N]);

impl<'de, const N: usize> Visitor<'de> for Members<'_, N> {
    type Value = [Option<&'de RawValue>; N];

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = [None; N];
        // Not as texts: a key may hold a lone surrogate, which is JSON.
        while let Some(key) = map.next_key::<&RawValue>()? {
            let key = name(key);
            match self.0.iter().position(|name| key.as_deref() == Some(*name)) {
                Some(place) => found[place] = Some(map.next_value()?),
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(found)
    }
}

fn name(key: &RawValue) -> Option<Cow<'_, str>> {
    let plain = key.get().trim_matches('"');
    match plain.contains('\\') {
        true => text(key),
        false => Some(Cow::Borrowed(plain)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_objects_are_read() {
        let json = r#"{"a":1e99999,"b":"x","deep":[[{"a":2}]],"a":{"\u0062":3},"\u0062":"\u00e4"}"#;
        let [a, b, none] = fields(json, ["a", "b", "c"]).unwrap();
        assert_eq!(a.unwrap().get(), r#"{"\u0062":3}"#);
        assert_eq!(text(b.unwrap()).unwrap(), "ä");
        assert!(none.is_none());
    }

    #[test]
    fn only_whole_objects_are() {
        for bad in [
            "",
            "[]",
            "1",
            "null",
            "{",
            r#"{"a":1}x"#,
            r#"{"a":}"#,
            r#"{"a":"\x"}"#,
            "{\"\t\":1}",
        ] {
            assert!(fields(bad, ["a"]).is_err(), "{bad}");
        }
        let deep = format!(r#"{{"x":{}{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
        assert!(fields(&deep, ["a"]).is_ok());
        assert!(fields(&deep, ["x"]).is_ok());
    }

    #[test]
    fn a_lone_surrogate_is_json_but_no_text() {
        let [a] = fields(r#"{"a":"\ud800"}"#, ["a"]).unwrap();
        assert_eq!(text(a.unwrap()), None);
        let [a] = fields(r#"{"\ud800":1,"a":2}"#, ["a"]).unwrap();
        assert_eq!(a.unwrap().get(), "2");
    }
}
