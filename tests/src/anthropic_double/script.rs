//! The marker in a prompt: `[[verb words key=value {json}]]`, the last one counts.

use std::str::FromStr;

use serde_json::Value;

#[derive(Debug, Default, PartialEq)]
pub(super) struct Script {
    pub(super) verb: String,
    pub(super) words: Vec<String>,
    options: Vec<(String, String)>,
    pub(super) json: Value,
}

impl Script {
    /// A marker whose JSON does not parse is answered with a text that says so.
    pub(super) fn of(prompt: &str) -> Self {
        let mut last = None;
        let mut rest = prompt;
        while let Some(start) = rest.find("[[") {
            rest = &rest[start + 2..];
            if !rest.starts_with(|c: char| c.is_ascii_lowercase()) {
                continue;
            }
            match Self::parse(rest) {
                Ok((script, length)) => {
                    last = Some(script);
                    rest = &rest[length..];
                }
                Err(why) => last = Some(Self::text(&format!("bad marker: {why}"))),
            }
        }
        last.unwrap_or_else(|| Self::text("Hello from the double"))
    }

    fn text(text: &str) -> Self {
        let words = text.split(' ').map(str::to_owned).collect();
        Self {
            verb: "text".into(),
            words,
            ..Self::default()
        }
    }

    /// The script and how long it was; brackets within its JSON do not close it.
    fn parse(marker: &str) -> Result<(Self, usize), String> {
        let mut script = Self::default();
        let mut end = marker.find("]]").ok_or("it has no end")?;
        let mut args = marker[..end].to_owned();
        if let Some(open) = args.find('{') {
            let json = serde_json::Deserializer::from_str(&marker[open..]);
            let mut values = json.into_iter::<Value>();
            script.json = values.next().ok_or("no JSON")?.map_err(|e| e.to_string())?;
            let after = open + values.byte_offset();
            end = after + marker[after..].find("]]").ok_or("it has no end")?;
            args = format!("{} {}", &marker[..open], &marker[after..end]);
        }
        let mut words = args.split_whitespace().map(str::to_owned);
        script.verb = words.next().unwrap_or_default();
        for word in words {
            match word.split_once('=') {
                Some((key, value)) => script.options.push((key.to_owned(), value.to_owned())),
                None => script.words.push(word),
            }
        }
        Ok((script, end))
    }

    pub(super) fn option(&self, key: &str) -> Option<&str> {
        self.options
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, value)| value.as_str())
    }

    pub(super) fn number<T: FromStr>(&self, key: &str, default: T) -> T {
        self.option(key)
            .and_then(|value| value.parse().ok())
            .unwrap_or(default)
    }
}
