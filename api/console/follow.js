// Keeping the end of the page in the window while something grows there, unless its reader has gone elsewhere.

/** So near to the end is at the end, in px. */
const NEAR = 80;

let follows = false;

/** From now on the end is kept in the window. */
export function follow() {
  follows = true;
}

/** To the end, where it is followed. */
export function toEnd() {
  if (follows) document.documentElement.scrollTop = document.documentElement.scrollHeight;
}

/** Whoever scrolls up reads something; that the page's height is put right when parts of it are first drawn is no such wish. */
function leave() {
  follows = false;
}

function comeBack() {
  const { scrollHeight, scrollTop, clientHeight } = document.documentElement;
  if (scrollHeight - scrollTop - clientHeight < NEAR) follows = true;
}

addEventListener("wheel", ({ deltaY }) => deltaY < 0 && leave(), { passive: true });
addEventListener("touchmove", leave, { passive: true });
addEventListener("keydown", ({ key }) => ["ArrowUp", "PageUp", "Home"].includes(key) && leave());
// On the scroll bar.
addEventListener("pointerdown", ({ target }) => target === document.documentElement && leave());
addEventListener("scrollend", comeBack, { passive: true });
addEventListener("hashchange", leave);
