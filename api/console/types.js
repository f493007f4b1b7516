// What the API answers, as the contract writes it. Types only: nothing here runs.

/**
 * @typedef {"pending" | "running" | "completed" | "failed" | "cancelled"} Status
 *
 * @typedef {object} Usage
 * @property {number} [input_tokens]
 * @property {number} [output_tokens]
 * @property {number} [cache_creation_input_tokens]
 * @property {number} [cache_read_input_tokens]
 *
 * @typedef {object} Result
 * @property {string | null} text
 * @property {number | null} num_turns
 * @property {number | null} duration_ms
 * @property {number | null} total_cost_usd
 * @property {Usage | null} usage
 *
 * @typedef {object} ExecutionError
 * @property {string} code
 * @property {string} message
 * @property {Record<string, unknown>} [details]
 *
 * @typedef {object} Execution
 * @property {string} execution_id
 * @property {string} session_id
 * @property {string} workspace_id
 * @property {Status} status
 * @property {number} progress
 * @property {number} turns
 * @property {number} messages
 * @property {number | null} attempt
 * @property {string | null} worker_id
 * @property {string} created_at
 * @property {string | null} started_at
 * @property {string | null} ended_at
 * @property {Result | null} result
 * @property {ExecutionError | null} error
 * @property {Record<string, unknown> | null} metadata
 * @property {string} trace_id
 *
 * @typedef {object} ExecutionPage
 * @property {Execution[]} executions
 * @property {string | null} next_cursor
 *
 * @typedef {object} Session
 * @property {string} session_id
 * @property {string} workspace_id
 * @property {"idle" | "active" | "closed"} status
 * @property {string} created_at
 * @property {string} updated_at
 * @property {number} executions
 * @property {number} turns
 * @property {number} total_cost_usd
 * @property {Usage} usage
 * @property {string | null} last_execution_id
 * @property {string | null} active_execution_id
 *
 * @typedef {object} SessionPage
 * @property {Session[]} sessions
 * @property {number} total
 * @property {string | null} next_cursor
 *
 * @typedef {object} Frame
 * @property {string} type
 * @property {string} execution_id
 * @property {string} [id]
 * @property {string} timestamp
 * @property {any} data What the type says; of a `claude_message` the line that the CLI printed.
 *
 * @typedef {object} LogPage
 * @property {Frame[]} logs
 * @property {string | null} next_cursor
 *
 * @typedef {object} Accepted
 * @property {string} execution_id
 * @property {string} session_id
 *
 * @typedef {object} Worker
 * @property {string} worker_id
 * @property {string} host
 * @property {string} version
 * @property {string} started_at
 * @property {number} slots
 * @property {number} slots_used
 * @property {string[]} running
 * @property {boolean} draining
 * @property {string} last_heartbeat_at
 *
 * @typedef {{ p50: number, p95: number } | null} Quantiles
 *
 * @typedef {object} Minute
 * @property {string} at
 * @property {number} accepted
 * @property {number} started
 * @property {number} completed
 * @property {number} failed
 * @property {number} cancelled
 * @property {number} cost_usd
 * @property {Quantiles} wait_ms
 * @property {Quantiles} run_ms
 *
 * @typedef {object} Stats
 * @property {number} pending
 * @property {number | null} waiting
 * @property {{ workers: number, draining: number, slots: number, slots_used: number }} fleet
 * @property {Record<string, "ok" | "failed">} engines
 * @property {Minute[]} minutes
 *
 * @typedef {object} Page What the shell shows for an address.
 * @property {string} title
 * @property {HTMLElement} element
 * @property {HTMLElement} [focus] What has the focus at first, if it is not the page as a whole.
 */

export {};
