//! The flags the real CLI knows, by how their values are written.

/// Flags that take one value, as `--flag=value` or `--flag value`.
pub(super) const VALUED: &[&str] = &[
    "agent",
    "agents",
    "append-system-prompt",
    "append-system-prompt-file",
    "debug-file",
    "effort",
    "fallback-model",
    "input-format",
    "json-schema",
    "max-budget-usd",
    "max-turns",
    "model",
    "name",
    "output-format",
    "permission-mode",
    "permission-prompt-tool",
    "plugin-dir",
    "resume",
    "session-id",
    "setting-sources",
    "settings",
    "system-prompt",
    "system-prompt-file",
];
/// Flags that take every word up to the next flag, unless written with `=`.
pub(super) const VARIADIC: &[&str] = &[
    "add-dir",
    "allowed-tools",
    "allowedTools",
    "betas",
    "disallowed-tools",
    "disallowedTools",
    "file",
    "mcp-config",
    "tools",
];
pub(super) const SWITCHES: &[&str] = &[
    "allow-dangerously-skip-permissions",
    "bare",
    "dangerously-skip-permissions",
    "disable-slash-commands",
    "include-hook-events",
    "include-partial-messages",
    "no-session-persistence",
    "print",
    "replay-user-messages",
    "safe-mode",
    "strict-mcp-config",
    "verbose",
    "version",
];
pub(super) const MODES: &[&str] = &[
    "acceptEdits",
    "auto",
    "bypassPermissions",
    "default",
    "dontAsk",
    "plan",
];
