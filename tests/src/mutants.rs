//! Bytes that nearly are what they should be: a short, repeatable run of what a fuzzer does for hours.

use std::path::Path;

use fastrand::Rng;

/// How many are tried for each seed.
const MUTANTS: usize = 5_000;

/// The files of `fuzz/seeds/{target}`: what is valid, and whatever the fuzzer has ever found.
///
/// # Panics
/// When there are none.
#[must_use]
pub fn seeds(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/seeds");
    let folder = folder.join(target);
    let files = std::fs::read_dir(&folder).expect("a folder of seeds");
    let mut paths: Vec<_> = files.map(|file| file.expect("a seed").path()).collect();
    paths.sort();
    assert!(!paths.is_empty(), "{} holds no seed", folder.display());
    let read = |path| std::fs::read(path).expect("a seed can be read");
    paths.into_iter().map(read).collect()
}

/// Tries each seed, and what comes of it by a few changes.
pub fn mutants(seeds: &[Vec<u8>], holds: impl Fn(&[u8])) {
    let mut random = Rng::with_seed(1);
    for seed in seeds {
        holds(seed);
        for _ in 0..MUTANTS {
            let mut bytes = seed.clone();
            for _ in 0..random.usize(1..4) {
                change(&mut bytes, seeds, &mut random);
            }
            holds(&bytes);
        }
    }
}

fn change(bytes: &mut Vec<u8>, seeds: &[Vec<u8>], random: &mut Rng) {
    /// Where readers decide something.
    const ODD: &[u8] = b"\0\n\r\t \"\\{}[]:,-+0189.eu\x7f\x80\xc3\xff";

    let (from, to) = (random.usize(..=bytes.len()), random.usize(..=bytes.len()));
    let range = from.min(to)..from.max(to).min(from.min(to) + 40);
    match random.u8(..6) {
        0 => drop(bytes.drain(range)),
        1 => bytes.truncate(from),
        2 => bytes.insert(from, ODD[random.usize(..ODD.len())]),
        3 => {
            let again = bytes[range.clone()].to_vec();
            bytes.splice(from..from, again);
        }
        4 => {
            if let Some(byte) = bytes.get_mut(from) {
                *byte = random.u8(..);
            }
        }
        _ => {
            let other = &seeds[random.usize(..seeds.len())];
            let place = random.usize(..=other.len());
            bytes.splice(range, other[place..].iter().take(40).copied());
        }
    }
}
