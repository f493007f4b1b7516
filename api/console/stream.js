// An execution's events over a WebSocket, each once and in order, across lost connections.

import { Refusal, ask, currentToken, renew, socket } from "./api.js";

/** The closes after which coming back would be the same again. */
const NO = [1008, 1009, 4403, 4404];

/** The token has ended, or was none. */
const WHO = 4401;

/** A connection that says nothing for so long is asked, and after as long again given up. */
const SILENCE = 25_000;

/** The longest pause between two attempts. */
const MAX_PAUSE = 10_000;

/**
 * @typedef {"connecting" | "live" | "lost" | "ended" | "refused"} State
 *
 * @typedef {object} Watcher
 * @property {(frame: import("./types.js").Frame) => void} frame
 * @property {(state: State, why: string) => void} state
 */

/**
 * Watches until the end, a refusal, or `signal`.
 *
 * @param {string} execution
 * @param {Watcher} watcher
 * @param {AbortSignal} signal
 */
export async function watch(execution, watcher, signal) {
  /** @type {string | null} */
  let after = null;
  let failures = 0;
  const take = /** @param {import("./types.js").Frame} frame */ (frame) => {
    if (frame.id) after = frame.id;
    if (frame.type !== "subscribed") failures = 0;
    watcher.frame(frame);
  };
  while (!signal.aborted) {
    watcher.state(failures === 0 ? "connecting" : "lost", "");
    const token = currentToken();
    const close = await connection(execution, after, take, () => watcher.state("live", ""), signal);
    if (signal.aborted) return;
    if (close.ended) return watcher.state("ended", "");
    if (NO.includes(close.code)) return watcher.state("refused", close.reason || "The server ended the stream.");
    if (close.code === WHO && token === currentToken()) await renew(close.reason || "The token has ended.");
    else if (!close.opened) {
      // Why a socket was refused is told to nobody here; the record tells it.
      const why = await refusal(execution);
      if (why) return watcher.state("refused", why);
    }
    failures += 1;
    watcher.state("lost", "");
    await pause(failures, signal);
  }
}

/** @param {string} execution */
async function refusal(execution) {
  try {
    await ask("GET", `executions/${execution}`);
  } catch (error) {
    if (error instanceof Refusal && error.status < 500 && error.status !== 429) return error.message;
  }
  return null;
}

/**
 * One connection, until it is over.
 *
 * @param {string} execution
 * @param {string | null} after
 * @param {(frame: import("./types.js").Frame) => void} take
 * @param {() => void} isLive
 * @param {AbortSignal} signal
 * @returns {Promise<{ code: number, reason: string, opened: boolean, ended: boolean }>}
 */
function connection(execution, after, take, isLive, signal) {
  return new Promise((resolve) => {
    const open = socket(execution, after);
    let opened = false;
    let ended = false;
    let heard = Date.now();
    const over = /** @param {number} code @param {string} reason */ (code, reason) => {
      clearInterval(probe);
      signal.removeEventListener("abort", leave);
      resolve({ code, reason, opened, ended });
    };
    const leave = () => open.close();
    signal.addEventListener("abort", leave);
    // The server's own pings are not shown to pages, so that a dead connection looks like a quiet one.
    const probe = setInterval(() => {
      const silent = Date.now() - heard;
      if (silent > 2 * SILENCE) {
        open.close();
        over(1006, "");
      } else if (silent > SILENCE && open.readyState === WebSocket.OPEN) {
        open.send('{"type":"ping"}');
      }
    }, SILENCE / 5);
    open.onopen = () => {
      opened = true;
      isLive();
    };
    open.onmessage = ({ data }) => {
      heard = Date.now();
      const frame = JSON.parse(data);
      if (frame.type === "end") ended = true;
      if (frame.type !== "pong") take(frame);
    };
    open.onclose = ({ code, reason }) => {
      // The id of the end was known already.
      if (code === 1000 && after !== null) ended = true;
      over(code, reason);
    };
  });
}

/**
 * Longer after each failure, never all at once, and over when the network comes back.
 *
 * @param {number} failures
 * @param {AbortSignal} signal
 */
function pause(failures, signal) {
  const longest = Math.min(MAX_PAUSE, 250 * 2 ** failures);
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      removeEventListener("online", done);
      signal.removeEventListener("abort", done);
      resolve(undefined);
    };
    const timer = setTimeout(done, longest * (0.5 + Math.random() / 2));
    addEventListener("online", done);
    signal.addEventListener("abort", done);
  });
}
