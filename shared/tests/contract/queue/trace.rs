//! A job's place in its trace travels in the message's header, as the rest of the world writes it.

use lapin::BasicProperties;
use lapin::options::{BasicGetOptions, BasicPublishOptions};
use lapin::types::{AMQPValue, FieldTable};
use longshore_shared::queue::JobQueue as _;

use super::{job, next};
use crate::backends::Rabbit;

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const SENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/// The header of the next message, where it has one.
async fn header(rabbit: &Rabbit) -> Option<String> {
    let (_connection, channel) = rabbit.channel().await;
    let options = BasicGetOptions { no_ack: true };
    let message = channel
        .basic_get(rabbit.name("executions").into(), options)
        .await
        .unwrap()
        .expect("a message");
    let headers = message.delivery.properties.headers().clone().unwrap();
    let header = headers.inner().get("traceparent")?;
    let text = header.as_long_string().expect("text");
    Some(String::from_utf8(text.as_bytes().to_vec()).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_message_says_where_in_its_trace_it_was_sent() {
    Rabbit::run(async |rabbit| {
        let queue = rabbit.queue();
        let mut job = job();
        job.traceparent = Some(SENT.to_owned());
        queue.publish(&job).await.unwrap();
        assert_eq!(header(&rabbit).await.as_deref(), Some(SENT));
        // Of an older job only the trace's id is known.
        job.traceparent = None;
        queue.publish(&job).await.unwrap();
        assert_eq!(header(&rabbit).await, None);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_header_places_a_job_in_its_own_trace() {
    Rabbit::run(async |rabbit| {
        let queue = rabbit.queue();
        let mut consumer = queue.consume(1);
        queue.publish(&job()).await.unwrap();
        next(&mut consumer).await.ack().await;
        let foreign = SENT.replace(TRACE, &"1".repeat(32));
        for (header, place) in [(SENT, Some(SENT)), (&foreign, None), ("nonsense", None)] {
            let mut headers = FieldTable::default();
            headers.insert("traceparent".into(), AMQPValue::LongString(header.into()));
            let (_connection, channel) = rabbit.channel().await;
            channel
                .basic_publish(
                    "".into(),
                    rabbit.name("executions").into(),
                    BasicPublishOptions::default(),
                    &serde_json::to_vec(&job()).unwrap(),
                    BasicProperties::default().with_headers(headers),
                )
                .await
                .unwrap();
            let delivery = next(&mut consumer).await;
            assert_eq!(delivery.job.traceparent.as_deref(), place, "{header}");
            delivery.ack().await;
        }
    })
    .await;
}
