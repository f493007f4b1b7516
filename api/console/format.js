// Numbers, times and ids as people read them.

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** @param {number} ms */
export function duration(ms) {
  if (ms < SECOND) return `${Math.round(ms)} ms`;
  if (ms < 10 * SECOND) return `${(ms / SECOND).toFixed(1)} s`;
  if (ms < MINUTE) return `${Math.floor(ms / SECOND)} s`;
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} min ${Math.floor((ms % MINUTE) / SECOND)} s`;
  if (ms < DAY) return `${Math.floor(ms / HOUR)} h ${Math.floor((ms % HOUR) / MINUTE)} min`;
  return `${Math.floor(ms / DAY)} d ${Math.floor((ms % DAY) / HOUR)} h`;
}

/**
 * How long ago a moment was.
 *
 * @param {string} at
 */
export function age(at) {
  const ms = Date.now() - Date.parse(at);
  return ms < SECOND ? "now" : `${coarse(ms)} ago`;
}

/** @param {number} ms */
function coarse(ms) {
  if (ms < MINUTE) return `${Math.floor(ms / SECOND)} s`;
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} min`;
  if (ms < DAY) return `${Math.floor(ms / HOUR)} h`;
  return `${Math.floor(ms / DAY)} d`;
}

/** @param {number} usd */
export function money(usd) {
  if (usd === 0) return "$0";
  return usd < 1 ? `$${usd.toFixed(4)}` : `$${usd.toFixed(2)}`;
}

/** @param {number} number */
export function count(number) {
  return number.toLocaleString("en");
}

/**
 * A number of things.
 *
 * @param {number} number
 * @param {string} thing
 */
export function things(number, thing) {
  return `${count(number)} ${thing}${number === 1 ? "" : "s"}`;
}

/**
 * All tokens of a run.
 *
 * @param {import("./types.js").Usage | null | undefined} usage
 */
export function tokens(usage) {
  if (!usage) return "";
  const { input_tokens = 0, output_tokens = 0, cache_creation_input_tokens = 0, cache_read_input_tokens = 0 } = usage;
  const read = input_tokens + cache_creation_input_tokens + cache_read_input_tokens;
  return `${count(read)} tokens in, ${count(output_tokens)} out`;
}

/**
 * The end of an id: the begin of an execution's is the time, which is alike for many.
 *
 * @param {string} id
 */
export function short(id) {
  return id.slice(-8);
}

/**
 * A moment on this machine's clock.
 *
 * @param {string} at
 */
export function time(at) {
  return new Date(at).toLocaleString("en", { dateStyle: "medium", timeStyle: "medium" });
}

/** @param {string} text @param {number} length */
export function cut(text, length) {
  return text.length > length ? `${text.slice(0, length)}…` : text;
}
