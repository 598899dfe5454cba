// A click is a press and a release of the same element. Where a page is drawn anew between the two,
// what was pressed is gone and the click is lost; so drawing waits for the release.

const CLICK_MS = 50; // the click comes right after the release, on touch screens a little later
const LONGEST_MS = 2_000; // a button that is held down does not stop the page

let pressed = false;
let timer = 0;
const waiting = new Map(); // what is to be drawn, with the newest of what it shows

// The same as `draw`, but at the earliest when no button is held down; only the newest call counts.
export function afterRelease(draw) {
  return (...shown) => {
    if (pressed) waiting.set(draw, shown);
    else draw(...shown);
  };
}

function release() {
  pressed = false;
  const held = [...waiting];
  waiting.clear();
  for (const [draw, shown] of held) draw(...shown);
}

function releaseIn(milliseconds) {
  clearTimeout(timer);
  timer = setTimeout(release, milliseconds);
}

addEventListener("pointerdown", () => {
  pressed = true;
  releaseIn(LONGEST_MS);
}, true);
for (const end of ["pointerup", "pointercancel"]) {
  addEventListener(end, () => pressed && releaseIn(CLICK_MS), true);
}
