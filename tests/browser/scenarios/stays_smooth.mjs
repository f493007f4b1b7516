// A stream of 10,000 events: no frame takes longer than 100 ms, by a trace of what the page's main thread did.

import { ended, submit, visit } from "../steps.mjs";

const LINES = 10_000;

/** Seven seconds where nothing else goes on; a page that shares two cores with seven others has less of them. */
const PATIENCE = 150_000;

/** A frame that takes longer is seen to stutter, in ms of the thread's own time: what other programs take is not the page's. */
const FRAME = 100;

export default async function ({ browser, open, console: address, shot, assert }) {
  const page = await open();
  await visit(page, address, "/run");
  await browser.startTracing(page, { categories: ["toplevel", "devtools.timeline"] });
  await submit(page, `[[lines n=${LINES} bytes=200 rate=1500]]`);
  assert.match(await ended(page, 0, PATIENCE), /^completed · /);
  const trace = JSON.parse((await browser.stopTracing()).toString());
  const tasks = longest(trace.traceEvents);
  console.log(`the longest tasks took ${tasks.map((ms) => ms.toFixed(1)).join(", ")} ms`);
  assert.ok(tasks[0] > 0, "the trace has the page's tasks");
  assert.ok(tasks[0] <= FRAME, `a task took ${tasks[0]} ms`);
  const { count, last } = await page.locator(".answer").evaluateAll((all) => ({ count: all.length, last: all.at(-1).textContent }));
  assert.equal(count, LINES);
  assert.match(last, new RegExp(`n=${LINES} `));
  const atEnd = await page.evaluate(() => document.documentElement.scrollHeight - scrollY - innerHeight);
  assert.ok(atEnd < 200, "the page follows what is said");
  await shot(page, "ten-thousand");
}

/** The longest tasks of the main thread of the page, in ms of its own time. */
function longest(events) {
  const mains = new Set(events.filter(({ name, args }) => name === "thread_name" && args.name === "CrRendererMain").map(({ pid, tid }) => `${pid} ${tid}`));
  const tasks = events.filter(({ name, pid, tid, tdur }) => name.endsWith("RunTask") && tdur !== undefined && mains.has(`${pid} ${tid}`));
  return tasks.map(({ tdur }) => tdur / 1000).sort((a, b) => b - a).slice(0, 5);
}
