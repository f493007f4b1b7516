// Plays one scenario in a browser, as the harness asks for it: node main.mjs SCENARIO
//
// The harness and a scenario talk by lines: what a scenario asks for it prints as `@word`, and the harness answers with a line
// when it has done it. Whatever else is printed is for people.

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const { LONGSHORE_URL: url, LONGSHORE_TEST_CHROMIUM: executablePath, LONGSHORE_TEST_BROWSER: packages, LONGSHORE_SCREENSHOTS: folder } = process.env;
const require = createRequire(`${packages}/`);
const { chromium } = require("playwright-core");
const axe = require("axe-core").source;

/** It finds nothing of its own to talk to, and needs no sandbox to be shown pages of this project. */
const ARGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

/** How long anything may take to appear: with eight browsers at once on two cores nothing is quick. */
const PATIENCE = 30_000;

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

/** Asks the harness to do something; answers what it says. */
async function ask(word) {
  console.log(`@${word}`);
  return (await lines.next()).value;
}

/** A page that fails the test when anything goes wrong in it that is not expected. */
async function open(browser, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  page.wrong = [];
  page.on("pageerror", (error) => page.wrong.push(`error: ${error.message}`));
  page.on("console", (message) => {
    // Chromium reports every refused request here, also those that a scenario is about.
    if (message.type() === "error" && !/Failed to load resource|WebSocket connection/.test(message.text())) page.wrong.push(message.text());
  });
  pages.push(page);
  return page;
}

const pages = [];

/** Fails on anything that makes the page hard to use: WCAG 2.2 A and AA, and what axe advises besides. */
async function accessible(page, name) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run(document));
  const told = violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.slice(0, 3).map(({ html, failureSummary }) => `${html} (${failureSummary})`).join(" | ")}`);
  assert.deepEqual(told, [], `axe finds nothing on ${name}`);
}

/** A picture to look at, in target/screenshots. */
async function shot(page, name, options = {}) {
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: `${folder}/${name}.png`, ...options });
}

let code = 0;
const scenario = await import(`./scenarios/${process.argv[2]}.mjs`);
const browser = await chromium.launch({ executablePath, args: ARGS });
try {
  await scenario.default({ browser, open: (options) => open(browser, options), console: `${url}/console/`, url, ask, accessible, shot, assert });
  for (const page of pages) assert.deepEqual(page.wrong, [], "nothing goes wrong in the page");
} catch (error) {
  for (const [index, page] of pages.entries()) {
    if (!page.isClosed()) await shot(page, `failed-${process.argv[2]}-${index}`).catch(() => {});
  }
  // On the same stream as everything else, for the harness.
  console.log(error.stack);
  code = 1;
}
await browser.close();
process.exit(code);
