//! The command on a terminal: it asks, and its tables have colours.

use tests::client::Client;
use tests::server::{Server, Setup};
use tests::services::program;
use tests::terminal::Terminal;

over_every_server! { Setup::default() =>
    ctrl_c_asks_what_is_wanted: ["command.run.asks"],
    a_table_has_colours_unless_they_are_unwanted: ["command.colours"],
    a_watch_leaves_it_running: ["command.watch"],
    text_is_typed_in_one_piece: ["command.run"],
}

fn start(client: &Client, args: &[&str], environment: &[(&str, &str)]) -> Terminal {
    let url = [("LONGSHORE_URL", client.url())];
    Terminal::start(&program("longshore"), args, &[&url, environment].concat())
}

/// A run that goes on and was interrupted, and its execution.
async fn interrupted(client: &Client) -> (Terminal, String) {
    let run = start(client, &["run", "[[text at_work]][[hang]]"], &[]);
    let execution = run.word_after("execution ").await;
    run.shows("at_work").await;
    run.interrupt();
    run.shows("Cancel the execution, leave it running, or go on watching?")
        .await;
    (run, execution)
}

async fn ctrl_c_asks_what_is_wanted(server: Server) -> Server {
    let client = server.client();
    // Left running.
    let (mut run, execution) = interrupted(client).await;
    run.press("l\n");
    run.shows(&format!("longshore cancel {execution}")).await;
    assert_eq!(run.exit().await.code(), Some(130));
    assert_eq!(
        server.other().execution(&execution).await["status"],
        "running"
    );
    client.cancel(&execution).await;
    // Watched on, and then cancelled.
    let (mut run, execution) = interrupted(client).await;
    run.press("\n");
    run.interrupt();
    run.press("c\n");
    run.shows("CANCELLED: ").await;
    assert_eq!(run.exit().await.code(), Some(130));
    assert_eq!(
        server.other().execution(&execution).await["status"],
        "cancelled"
    );
    // Who presses Ctrl-C once more wants it ended.
    let (mut run, _) = interrupted(client).await;
    run.interrupt();
    run.shows("CANCELLED: ").await;
    assert_eq!(run.exit().await.code(), Some(130));
    server
}

async fn a_table_has_colours_unless_they_are_unwanted(server: Server) -> Server {
    let client = server.client();
    let mut empty = start(client, &["executions"], &[]);
    empty
        .shows("No executions. `longshore run` makes one.")
        .await;
    assert!(empty.exit().await.success());
    client.run("[[text fine]]").await;
    let mut plain = start(client, &["executions"], &[("NO_COLOR", "1")]);
    plain.shows("completed").await;
    assert!(plain.exit().await.success());
    assert!(plain.shown().starts_with("EXECUTION "), "{}", plain.shown());
    assert!(!plain.shown().contains('\u{1b}'), "{:?}", plain.shown());
    let mut coloured = start(client, &["executions"], &[]);
    coloured.shows("\u{1b}[32mcompleted\u{1b}[0m").await;
    assert!(coloured.exit().await.success());
    server
}

/// The spinner leaves a line alone that is being typed.
async fn text_is_typed_in_one_piece(server: Server) -> Server {
    let prompt = "[[text Everything is in order]][[sleep ms=300]][[text And so is this]]";
    let mut run = start(server.client(), &["run", prompt], &[]);
    run.shows("completed · ").await;
    assert!(run.exit().await.success());
    let shown = run.shown();
    for text in ["Everything is in order\r\n", "And so is this\r\n"] {
        assert_eq!(shown.matches(text).count(), 1, "{shown:?}");
    }
    server
}

async fn a_watch_leaves_it_running(server: Server) -> Server {
    let client = server.client();
    let (execution, _) = client.submit("[[text at_work]][[hang]]").await;
    let mut watch = start(client, &["watch", &execution], &[]);
    watch.shows("at_work").await;
    watch.interrupt();
    watch.shows("it goes on").await;
    assert_eq!(watch.exit().await.code(), Some(130));
    assert_eq!(
        server.other().execution(&execution).await["status"],
        "running"
    );
    client.cancel(&execution).await;
    server
}
