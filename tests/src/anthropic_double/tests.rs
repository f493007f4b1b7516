//! The double itself, asked over HTTP as the CLI asks it.

use serde_json::{Value, json};

use super::AnthropicDouble;
use crate::client::http;

fn request(prompt: &str, stream: bool) -> Value {
    json!({"model": "m", "stream": stream, "messages": [{"role": "user", "content": prompt}]})
}

async fn post(double: &AnthropicDouble, body: &Value) -> reqwest::Response {
    let url = format!("{}/v1/messages", double.url());
    http()
        .build()
        .unwrap()
        .post(url)
        .json(body)
        .send()
        .await
        .expect("an answer")
}

#[tokio::test]
async fn a_text_is_streamed_and_recorded() {
    let double = AnthropicDouble::start().await;
    let body = post(&double, &request("Hi. [[text all  fine]]", true))
        .await
        .text()
        .await
        .expect("a body");
    assert!(
        body.starts_with("event: message_start\ndata: {") && body.contains("\"text\":\"fine \"")
    );
    assert!(body.ends_with("\n\n") && body.contains("event: message_stop"));
    let recorded = double.next_request().await;
    assert_eq!(
        (recorded.prompt, recorded.stream),
        (vec!["Hi. [[text all  fine]]".to_owned()], true)
    );
    assert!(!double.requests()[0].gone, "the answer was read to its end");
}

#[tokio::test]
async fn the_last_marker_counts_and_brackets_in_its_json_do_not_close_it() {
    let double = AnthropicDouble::start().await;
    let prompt = r#"[[think]] [[tool Bash {"command":"[[ -f x ]] && ls"}]] as in [[1, 2]]"#;
    let answer = post(&double, &request(prompt, true)).await;
    let body = answer.text().await.expect("a body");
    assert!(body.contains(r#""name":"Bash""#) && body.contains(r#"[[ -f x ]] && ls"#));
}

#[tokio::test]
async fn http_errors_stop_after_so_many_times() {
    let double = AnthropicDouble::start().await;
    for status in [429, 429, 200] {
        assert_eq!(
            post(&double, &request("[[http 429 times=2]]", false))
                .await
                .status(),
            status
        );
    }
    let nowhere = http()
        .build()
        .unwrap()
        .get(format!("{}/nowhere", double.url()))
        .send()
        .await
        .expect("an answer");
    assert_eq!(nowhere.status(), 404);
    assert_eq!(
        nowhere.json::<Value>().await.expect("JSON")["type"],
        "error"
    );
}

#[tokio::test]
async fn a_client_that_hangs_up_is_noticed() {
    let double = AnthropicDouble::start().await;
    let mut response = post(&double, &request("[[hang]]", true)).await;
    response.chunk().await.expect("the first words");
    assert!(!double.requests()[0].gone);
    drop(response);
    double.until(|all| all[0].gone).await;
}

#[tokio::test]
async fn a_dropped_double_ends_what_it_was_saying() {
    let double = AnthropicDouble::start().await;
    let response = post(&double, &request("[[hang]]", true)).await;
    drop(double);
    let ended = tokio::time::timeout(super::BOUND, response.text()).await;
    assert!(ended.expect("an end").is_ok());
}
