//! A stand-in for the Claude CLI at the process boundary: same flags, same lines, same exits, scripted by its prompt.
//!
//! The script is made of `[[verb args]]` directives; `script.rs` opens with the table of them.

mod bash;
mod claude;
mod config;
mod flags;
mod inbox;
mod output;
mod script;
mod session;
mod shape;
mod signals;
mod turn;
pub mod witness;

use std::process::ExitCode;

/// Plays one process of the CLI from its own argv, environment, stdin and stdout.
pub fn run() -> ExitCode {
    let flags = match flags::parse(std::env::args_os().skip(1)) {
        Ok(flags) => flags,
        Err(flags::Early::Version) => {
            println!("{} (fake-claude)", shape::VERSION);
            return ExitCode::SUCCESS;
        }
        Err(flags::Early::Refused(why)) => {
            output::complain(&why);
            return ExitCode::FAILURE;
        }
    };
    ExitCode::from(claude::run(flags, config::read()))
}

/// 64-bit FNV-1a, what `[[hash]]` answers: tests compute it over the prompt they sent.
pub fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn fnv1a_has_its_published_values() {
        assert_eq!(super::fnv1a(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(super::fnv1a(b"a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(super::fnv1a(b"foobar"), 0x8594_4171_f739_67e8);
    }
}
