//! `docs/api/rules.txt`: sections that begin with `==`, and in them a rule a line, its id before a colon.

use std::collections::BTreeSet;

/// A part of the contract.
#[derive(Debug, PartialEq, Eq)]
pub struct Section {
    pub title: String,
    pub rules: Vec<Rule>,
}

/// Something that a test can find broken.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    pub id: String,
    pub says: String,
}

/// Reads all rules, in their order.
///
/// # Errors
/// A line that is none, an id that is there twice or is no id, a rule that is no sentence.
pub fn parse(text: &str) -> Result<Vec<Section>, String> {
    let mut sections: Vec<Section> = Vec::new();
    let mut seen = BTreeSet::new();
    for line in text.lines() {
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(title) = line.strip_prefix("== ") {
            sections.push(Section {
                title: title.to_owned(),
                rules: Vec::new(),
            });
            continue;
        }
        let (id, says) = line
            .split_once(": ")
            .ok_or_else(|| format!("a rule is `id: what it says`: {line}"))?;
        if !is_id(id) || !says.ends_with('.') {
            return Err(format!(
                "a rule is an id like ws.close.1000 and one sentence: {line}"
            ));
        }
        if !seen.insert(id) {
            return Err(format!("the rule {id} is there twice"));
        }
        let section = sections
            .last_mut()
            .ok_or_else(|| format!("the rule {id} stands before any section"))?;
        section.rules.push(Rule {
            id: id.to_owned(),
            says: says.to_owned(),
        });
    }
    Ok(sections)
}

fn is_id(id: &str) -> bool {
    id.contains('.')
        && id.split('.').all(|part| {
            !part.is_empty()
                && part
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_".contains(&b))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_read_in_their_order() {
        let sections = parse("# about\n\n== One\na.b: B.\na.a: A: yes.\n\n== Two\n").unwrap();
        assert_eq!(sections.len(), 2);
        let ids: Vec<&str> = sections[0]
            .rules
            .iter()
            .map(|rule| rule.id.as_str())
            .collect();
        assert_eq!(ids, ["a.b", "a.a"]);
        assert_eq!(sections[0].rules[1].says, "A: yes.");
    }

    #[test]
    fn what_is_no_rule_is_refused() {
        for (text, why) in [
            ("a.b: Before.", "before any section"),
            ("== One\na.b: B.\na.b: C.", "twice"),
            ("== One\na.b", "`id: what it says`"),
            ("== One\nno: Dot.", "an id like"),
            ("== One\nA.b: Case.", "an id like"),
            ("== One\na..b: Empty.", "an id like"),
            ("== One\na.b: no end", "one sentence"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
