//! Pure code that runs for every event: frames, the live stream's messages, the splice; and the table of states.

use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use longshore_shared::event::frame;
use longshore_shared::event_log::benching;
use longshore_shared::execution::Status;
use longshore_shared::id::{EventId, ExecutionId};
use longshore_shared::lifecycle::{self, Move};

fn frames(criterion: &mut Criterion) {
    let (execution, line) = (ExecutionId::generate(), "x".repeat(400));
    let id = EventId {
        attempt: 1,
        seq: 1234,
    };
    let mut group = criterion.benchmark_group("frame");
    group.throughput(Throughput::Bytes(line.len() as u64));
    group.bench_function("claude_message, 400 bytes", |bencher| {
        bencher.iter(|| frame::claude_message(execution, id, black_box(&line)));
    });
}

fn splice(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("splice");
    for events in [1, 256] {
        let message = benching::published(events, 400);
        group.throughput(Throughput::Elements(events));
        group.bench_function(format!("{events} live events of 400 bytes"), |bencher| {
            let batch = || message.clone();
            bencher.iter_batched(batch, benching::follow, BatchSize::SmallInput);
        });
    }
}

fn states(criterion: &mut Criterion) {
    criterion.bench_function("lifecycle, every move from every state", |bencher| {
        bencher.iter(|| {
            let moves = Status::ALL
                .into_iter()
                .flat_map(|from| Move::ALL.map(|step| lifecycle::next(black_box(from), step)));
            moves.flatten().count()
        });
    });
}

criterion_group!(benches, frames, splice, states);
criterion_main!(benches);
