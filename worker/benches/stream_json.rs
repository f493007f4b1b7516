//! What a worker must know of each line that the CLI prints.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use longshore_worker::benching;

fn peek(criterion: &mut Criterion) {
    let text = "x".repeat(300);
    let lines = [
        (
            "text",
            format!(
                r#"{{"type":"assistant","message":{{"id":"msg_1","role":"assistant","content":[{{"type":"text","text":"{text}"}}]}},"parent_tool_use_id":null,"session_id":"s","uuid":"u"}}"#
            ),
        ),
        (
            "tool result",
            format!(
                r#"{{"type":"user","message":{{"role":"user","content":[{{"tool_use_id":"toolu_1","type":"tool_result","content":"{text}"}}]}},"session_id":"s","uuid":"u"}}"#
            ),
        ),
        (
            "token delta",
            r#"{"type":"stream_event","event":{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"word"}},"session_id":"s","uuid":"u"}"#.to_owned(),
        ),
    ];
    let mut group = criterion.benchmark_group("peek");
    for (name, line) in lines {
        group.throughput(Throughput::Bytes(line.len() as u64));
        group.bench_function(name, |bencher| {
            bencher.iter(|| benching::peek(black_box(&line)))
        });
    }
}

criterion_group!(benches, peek);
criterion_main!(benches);
