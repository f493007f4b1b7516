// The API's client. The token lives in this module's memory and nowhere else: a page that is loaded again asks for it again.

/** The address of the API: the page is below it, also where a proxy has put both behind a path. */
export const BASE = new URL("../", document.baseURI);

const CLAUDE = "api/v1/claude/";

/** How long an answer may take. */
const PATIENCE = 30_000;

/** What the API says against a request. */
export class Refusal extends Error {
  /**
   * @param {number} status
   * @param {{ code?: string, message?: string, details?: any, trace_id?: string }} body
   */
  constructor(status, body) {
    super(body.message ?? `The server answered ${status}, and not as a Longshore API does.`);
    this.status = status;
    this.code = body.code ?? String(status);
    this.details = body.details;
    this.trace = body.trace_id;
  }
}

/** No answer came. */
export class Unanswered extends Error {
  constructor() {
    super("The server does not answer. This page tries again by itself.");
  }
}

/** @type {string | null} */
let token = null;

/**
 * Asks the person for a token; resolves when there is a new one. The shell knows how.
 *
 * @type {(why: string) => Promise<void>}
 */
let signIn = () => Promise.reject(new Error("nobody can be asked"));

/** @param {(why: string) => Promise<void>} ask */
export function onSignIn(ask) {
  signIn = ask;
}

/** @param {string | null} given */
export function useToken(given) {
  token = given;
}

/** @returns {string | null} */
export function currentToken() {
  return token;
}

/**
 * What the token says of itself, for people; the server alone decides whether it is true.
 *
 * @returns {{ sub?: string, exp?: number, scope?: string } | null}
 */
export function claims() {
  try {
    const payload = (token ?? "").split(".")[1].replace(/-/g, "+").replace(/_/g, "/");
    const bytes = Uint8Array.from(atob(payload), (c) => c.charCodeAt(0));
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return null;
  }
}

/**
 * Asks for something below the API's own path. Where the server does not know the caller, the person is asked for a token, and
 * the request is made again.
 *
 * @param {string} method
 * @param {string} path
 * @param {{ query?: Record<string, string | number | null | undefined>, body?: unknown, headers?: Record<string, string>, signal?: AbortSignal }} [how]
 * @returns {Promise<any>}
 */
export async function ask(method, path, how = {}) {
  for (;;) {
    const used = token;
    try {
      return await askOnce(method, path, how);
    } catch (error) {
      if (!(error instanceof Refusal) || error.status !== 401) throw error;
      if (used === token) await signIn(used === null ? "" : error.message);
    }
  }
}

/** @param {string} method @param {string} path @param {NonNullable<Parameters<typeof ask>[2]>} how */
async function askOnce(method, path, { query = {}, body, headers = {}, signal }) {
  const url = new URL(CLAUDE + path, BASE);
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== "") url.searchParams.set(name, String(value));
  }
  const all = new Headers(headers);
  if (token !== null) all.set("authorization", `Bearer ${token}`);
  if (body !== undefined) all.set("content-type", "application/json");
  const ended = AbortSignal.timeout(PATIENCE);
  const response = await fetch(url, {
    method,
    headers: all,
    body: body === undefined ? undefined : JSON.stringify(body),
    cache: "no-store",
    signal: signal ? AbortSignal.any([signal, ended]) : ended,
  }).catch((error) => {
    if (signal?.aborted) throw error;
    throw new Unanswered();
  });
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Refusal(response.status, answer);
  return answer;
}

/**
 * The socket that brings an execution's events, after the given one. A browser can send a token only as a subprotocol.
 *
 * @param {string} execution
 * @param {string | null} after
 */
export function socket(execution, after) {
  const url = new URL(`ws/executions/${execution}`, BASE);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  if (after !== null) url.searchParams.set("after", after);
  const protocols = ["longshore.v1"];
  if (token !== null) protocols.push(`bearer.${token}`);
  return new WebSocket(url, protocols);
}

/**
 * Asks again after a token has ended.
 *
 * @param {string} why
 */
export function renew(why) {
  return signIn(why);
}
