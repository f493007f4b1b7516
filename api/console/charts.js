// Charts of the last hour: a value or a few for each minute.

import { h, svg } from "./dom.js";

const WIDTH = 600;
const HEIGHT = 120;

/**
 * Values of one kind, a name and one for each minute; `null` where there is none.
 *
 * @typedef {[string, (number | null)[]]} Series
 */

/**
 * Amounts on top of one another.
 *
 * @param {string} title
 * @param {string[]} at
 * @param {Series[]} series
 * @param {(value: number) => string} format
 */
export function bars(title, at, series, format) {
  const sums = at.map((_, index) => series.reduce((sum, [, values]) => sum + (values[index] ?? 0), 0));
  const most = Math.max(...sums, 0);
  const step = WIDTH / at.length;
  const picture = at.flatMap((_, index) => {
    let below = 0;
    return series.map(([name, values]) => {
      const height = most === 0 ? 0 : ((values[index] ?? 0) / most) * HEIGHT;
      below += height;
      return height > 0 && svg("rect", { class: name, x: index * step + 1, y: HEIGHT - below, width: step - 2, height });
    });
  });
  const total = sums.reduce((sum, value) => sum + value, 0);
  return figure(title, `${format(total)} in the last hour`, most, at, series, format, picture);
}

/**
 * Values over time.
 *
 * @param {string} title
 * @param {string[]} at
 * @param {Series[]} series
 * @param {(value: number) => string} format
 */
export function lines(title, at, series, format) {
  const known = series.flatMap(([, values]) => values.filter((value) => value !== null));
  const most = Math.max(...known, 0);
  const step = WIDTH / at.length;
  const picture = series.flatMap(([name, values]) => {
    const y = /** @param {number} value */ (value) => HEIGHT - (most === 0 ? 0 : (value / most) * (HEIGHT - 8)) - 4;
    const points = values.map((value, index) => (value === null ? null : `${(index + 0.5) * step},${y(value)}`));
    return pieces(points).map((piece) =>
      piece.length === 1
        ? svg("circle", { class: kind(name), cx: piece[0].split(",")[0], cy: piece[0].split(",")[1], r: 3 })
        : svg("polyline", { class: kind(name), points: piece.join(" ") }));
  });
  const last = [...(series[0]?.[1] ?? [])].reverse().find((value) => value !== null);
  return figure(title, last === undefined ? "nothing in the last hour" : `${format(last ?? 0)} at last`, most, at, series, format, picture);
}

/** The parts of a line that has holes. @param {(string | null)[]} points */
function pieces(points) {
  /** @type {string[][]} */
  const all = [[]];
  for (const point of points) {
    if (point === null) all.push([]);
    else all[all.length - 1].push(point);
  }
  return all.filter((piece) => piece.length > 0);
}

/**
 * @param {string} title
 * @param {string} summary
 * @param {number} most
 * @param {string[]} at
 * @param {Series[]} series
 * @param {(value: number) => string} format
 * @param {import("./dom.js").Child[]} picture
 */
function figure(title, summary, most, at, series, format, picture) {
  const label = `${title}: ${summary}, at most ${format(most)} in a minute`;
  return h("figure", {},
    h("figcaption", {}, h("strong", {}, title), ` ${summary}`),
    series.length > 1 && h("p", { class: "legend" }, series.map(([name]) => h("span", { class: kind(name) }, name))),
    h("div", { class: "plot" },
      h("span", { class: "most", "aria-hidden": "true" }, format(most)),
      svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img", "aria-label": label }, ...picture)),
    h("p", { class: "axis", "aria-hidden": "true" }, h("span", {}, at[0]), h("span", {}, at[at.length - 1])));
}

/** A name as a class. @param {string} name */
function kind(name) {
  return name === "95 %" ? "high" : name;
}
