//! `docs/api/conformance.md`: every rule with the tests that proved it.

use std::fmt::Write as _;

use super::records::Proofs;
use super::rules::Section;

const HEAD: &str = "\
# What proves the contract

Written by `make test` when a whole run has passed, from what each test recorded as it passed; not by hand. Every rule of
[rules.txt](rules.txt) is here, with the tests that fail where it is broken and where each of them saw it hold: on `memory`
(`longshore dev`), on a `cluster` (two APIs and two workers on RabbitMQ and Redis), with the `real CLI`, with `programs` by
themselves, or in the repository's `files`.
";

/// What does not fit together: rules without a test, records of rules that there are not.
#[must_use]
pub fn problems(sections: &[Section], proofs: &Proofs) -> Vec<String> {
    let rules = || sections.iter().flat_map(|section| &section.rules);
    let unproved = rules()
        .filter(|rule| !proofs.contains_key(&rule.id))
        .map(|rule| format!("no test proves {}: {}", rule.id, rule.says));
    let unknown = proofs
        .iter()
        .filter(|(id, _)| rules().all(|rule| rule.id != **id))
        .map(|(id, tests)| {
            let tests: Vec<&str> = tests.keys().map(String::as_str).collect();
            format!("there is no rule {id}, which {} proves", tests.join(", "))
        });
    unproved.chain(unknown).collect()
}

/// The page; the same for the same rules and records.
#[must_use]
pub fn page(sections: &[Section], proofs: &Proofs) -> String {
    let mut page = HEAD.to_owned();
    for section in sections {
        let _ = write!(
            page,
            "\n## {}\n\n| rule | says | proved by |\n|---|---|---|\n",
            section.title
        );
        for rule in &section.rules {
            let says = rule.says.replace('|', "\\|");
            let _ = writeln!(
                page,
                "| `{}` | {says} | {} |",
                rule.id,
                tests(proofs, &rule.id)
            );
        }
    }
    page
}

fn tests(proofs: &Proofs, rule: &str) -> String {
    let Some(tests) = proofs.get(rule) else {
        return "**nothing**".to_owned();
    };
    let shown: Vec<String> = tests
        .iter()
        .map(|(test, places)| {
            let places: Vec<&str> = places.iter().map(|on| on.as_str()).collect();
            format!("`{test}` ({})", places.join(", "))
        })
        .collect();
    shown.join("<br>")
}

#[cfg(test)]
mod tests {
    use super::super::{records, rules};
    use super::*;

    #[test]
    fn every_rule_needs_a_test_and_every_record_a_rule() {
        let sections = rules::parse("== One\na.a: A.\na.b: B|C.\n").unwrap();
        let proofs = records::parse("a.b\ty\tcluster\na.b\ty\tmemory\na.c\tx\tfiles\n").unwrap();
        assert_eq!(
            problems(&sections, &proofs),
            [
                "no test proves a.a: A.",
                "there is no rule a.c, which x proves"
            ]
        );
        let page = page(&sections, &proofs);
        assert!(page.contains("| `a.a` | A. | **nothing** |\n"), "{page}");
        assert!(
            page.ends_with("| `a.b` | B\\|C. | `y` (memory, cluster) |\n"),
            "{page}"
        );
    }
}
