//! Which tests prove which rules of the wire contract: recorded as tests pass, told by `docs/api/conformance.md`.

pub mod records;
pub mod rules;
pub mod table;

pub use records::record;

/// Where a test saw that a rule holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum On {
    /// `longshore dev`: one process, backends in memory.
    Memory,
    /// APIs and workers of their own, on RabbitMQ and Redis.
    Cluster,
    /// The same, with the real Claude CLI.
    RealClaude,
    /// Programs that the test starts by themselves.
    Programs,
    /// The files of this repository.
    Files,
}

impl On {
    const ALL: [Self; 5] = [
        Self::Memory,
        Self::Cluster,
        Self::RealClaude,
        Self::Programs,
        Self::Files,
    ];

    /// As it stands in records and in the table.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Cluster => "cluster",
            Self::RealClaude => "real CLI",
            Self::Programs => "programs",
            Self::Files => "files",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|on| on.as_str() == text)
    }
}

/// At the end of a test outside of `over_every_server!`: the rules that it has proved, and where.
///
/// A rule is proved by a test that fails where the rule is broken.
#[macro_export]
macro_rules! proved {
    ($on:ident, $test:ident: $($rule:literal),+ $(,)?) => {{
        let _ = $test; // There is such a test.
        $crate::conformance::record($crate::conformance::On::$on, module_path!(), stringify!($test), &[$($rule),+]);
    }};
}
