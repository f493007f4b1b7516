// What a person can do about the way an execution ended.

/** @type {Record<string, string>} */
const ADVICE = {
  CANCELLED: "Somebody cancelled it. Continue its session to go on.",
  SESSION_CLOSED: "Its session was closed. Begin a new one.",
  TIMED_OUT: "Give it more time (time limit), or ask for less at once. Continuing its session keeps what it has done.",
  STALLED: "The CLI said nothing for too long. Try again; if it stalls again, look at the model's API and at the worker's log.",
  MAX_TURNS: "It reached its limit of turns. Continue its session, or allow more turns.",
  BUDGET_REACHED: "It reached its budget. Continue its session with another budget.",
  API_ERROR: "The model's API failed. Try again in a while.",
  AUTHENTICATION_FAILED: "The workers' credentials for the model's API are not taken: an operator has to renew them.",
  RATE_LIMITED: "The model's API limits the rate. Try again later.",
  CLI_NOT_FOUND: "The worker has no Claude CLI: an operator has to install it, or to name it in LONGSHORE_CLAUDE_BIN.",
  CLI_START_FAILED: "The worker could not start the CLI: its log says why.",
  CLI_EXITED: "The CLI ended without a result. What it said last is below.",
  CLI_OUTPUT_INVALID: "The CLI printed something that is no message: is it really the Claude CLI, in a version that is supported?",
  SESSION_NOT_RESUMABLE: "The session's transcript could not be brought back. Begin a new session.",
  WORKSPACE_UNAVAILABLE: "The workspace's folder cannot be used: an operator has to look at the workers' storage.",
  WORKER_LOST: "Its worker was lost, and it was not to be tried again. Run it again if you like.",
  OUTCOME_UNKNOWN: "Its worker was lost after it had used tools: look at what it has changed before you run it again.",
  POISONED: "Three workers in a row were lost with it. Something about it may be what kills them: an operator should look.",
  INTERNAL_ERROR: "Something went wrong inside. The trace id finds it in the logs.",
};

/** @param {string} code */
export function advice(code) {
  return ADVICE[code] ?? "";
}
