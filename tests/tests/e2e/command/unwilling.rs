//! `longshore run` with a server that does not do what it is asked.

use axum::http::StatusCode;
use nix::sys::signal::Signal;

use super::stand_in::StandIn;

#[tokio::test]
async fn a_cancel_that_fails_is_tried_again() {
    let mut api = StandIn::start("").await;
    let mut run = api.run("");
    let mut socket = api.watched(&run).await;
    let answer = api.interrupt(&run).await;
    answer.send(StatusCode::SERVICE_UNAVAILABLE).unwrap();
    run.word_after("not cancelled: the store does not answer (STORE_UNAVAILABLE)")
        .await;
    // It is still watched.
    socket.say("1-2", "still_here").await;
    run.word_after("still_here").await;
    let answer = api.interrupt(&run).await;
    answer.send(StatusCode::ACCEPTED).unwrap();
    socket.end("cancelled").await;
    assert_eq!(run.exit().await.code(), Some(130), "{}", run.output());
    tests::proved!(Programs, a_cancel_that_fails_is_tried_again: "command.run.interrupt");
}

#[tokio::test]
async fn a_second_interrupt_leaves_at_once() {
    let mut api = StandIn::start("").await;
    let mut run = api.run("");
    let mut socket = api.watched(&run).await;
    let _unanswered = api.interrupt(&run).await;
    // Frames are shown meanwhile.
    socket.say("1-2", "still_here").await;
    run.word_after("still_here").await;
    run.signal(Signal::SIGINT);
    assert_eq!(run.exit().await.code(), Some(130), "{}", run.output());
    assert!(api.is_quiet(), "it is cancelled once");
    tests::proved!(Programs, a_second_interrupt_leaves_at_once: "command.run.interrupt");
}
