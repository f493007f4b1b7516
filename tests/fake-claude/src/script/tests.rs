//! The grammar, read from prompts.

use serde_json::json;

use super::*;

fn steps(prompt: &str) -> Vec<Step> {
    parse(prompt, &|| 1).expect("a directive")
}

#[test]
fn a_prompt_without_directives_has_no_script() {
    assert_eq!(
        parse("hello, here is a matrix: [[1, 2], [3, 4]]", &|| 1),
        None
    );
}

#[test]
fn directives_are_read_in_order_with_their_defaults() {
    let lines = Step::Lines {
        n: 3,
        bytes: 300,
        rate: 10.0,
        one_message: true,
    };
    let sleep = Step::Sleep(Duration::from_millis(500));
    assert_eq!(
        steps("do [[text a {b} c]] and [[lines n=3 rate=10 turns=0]][[sleep]]"),
        [Step::Text("a {b} c".into()), lines, sleep]
    );
}

#[test]
fn brackets_in_a_tools_json_do_not_close_it() {
    let input = json!({"command": "[[ -f x ]] && echo \"}]]\""});
    let prompt = format!("[[tool Bash {input}]] [[hash]]");
    assert_eq!(
        steps(&prompt),
        [
            Step::Tool {
                name: "Bash".into(),
                input
            },
            Step::Hash
        ]
    );
}

#[test]
fn once_means_the_first_attempt_only() {
    let prompt = "[[crash once]][[text alive]]";
    assert_eq!(steps(prompt), [Step::Crash, Step::Text("alive".into())]);
    assert_eq!(parse(prompt, &|| 2), Some(vec![Step::Text("alive".into())]));
}

#[test]
fn a_bad_directive_says_what_is_wrong() {
    for bad in [
        "[[nonsense]]",
        "[[sleep ms=soon]]",
        "[[hang up]]",
        "[[tool Bash {\"a\"]]",
        "[[text",
        "[[env]]",
    ] {
        assert!(matches!(steps(bad)[..], [Step::Bad(_)]), "{bad}");
    }
}
