// The connection is lost in the middle, twice, and nothing is missed or shown twice; so it is when the page is loaded again.

import { ended, execution, submit, visit } from "../steps.mjs";

const LINES = 60;

/** The numbers of the lines that are shown. */
const shown = (page) => page.locator(".answer").evaluateAll((all) => all.map((one) => Number(/n=(\d+)/.exec(one.textContent)?.[1])));

export default async function ({ open, console, ask, shot, assert }) {
  const page = await open();
  await visit(page, console, "/run");
  await submit(page, `[[lines n=${LINES} rate=15 bytes=80]]`);
  await page.getByText(/n=10 /).waitFor();
  await ask("cut");
  await page.getByText(/n=20 /).waitFor();
  await ask("away");
  await page.getByText("connection lost, coming back").waitFor();
  await shot(page, "connection-lost");
  await ask("back");
  assert.match(await ended(page), /^completed/);
  const all = Array.from({ length: LINES }, (_, index) => index + 1);
  assert.deepEqual(await shown(page), all);

  const id = await execution(page);
  await page.reload();
  await ended(page);
  assert.deepEqual(await shown(page), all, "a page that is loaded again shows it from the start");
  await visit(page, console, `/executions/${id}`);
  await ended(page);
  assert.deepEqual(await shown(page), all);
}
