// Keys of the keyboard: those that buttons show, while nobody types; and, while an agent writes,
// Alt with an arrow to the next conversation.

import { $ } from "./dom.js";

// Whether a box of the page is ticked, kept in the browser under `name`.
export function remembered(box, name, changed = () => {}) {
  box.checked = localStorage.getItem(name) !== "off";
  box.addEventListener("change", () => {
    localStorage.setItem(name, box.checked ? "on" : "off");
    changed(box.checked);
  });
  changed(box.checked);
}

// `step(by)` goes to the conversation before (-1) or after (1).
export function listenForKeys(step) {
  const keysOn = $("keys-on");
  remembered(keysOn, "desk-keys", (on) => document.body.classList.toggle("without-keys", !on));

  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.repeat || !keysOn.checked) return;
    if (event.altKey) return sideways(event, step);
    const types = event.target.closest?.("input:not([type=checkbox]), textarea, select");
    if (types) return;
    if (event.key.toLowerCase() === "n" && !$("note-form").hidden) {
      event.preventDefault();
      $("note").focus();
      return;
    }
    const button = [...document.querySelectorAll("button[data-key]")].find(
      (each) => each.dataset.key === event.key.toLowerCase() && each.offsetParent !== null && !each.disabled
    );
    if (!button) return;
    event.preventDefault();
    button.click();
  });
}

function sideways(event, step) {
  const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
  if (!by) return;
  event.preventDefault();
  step(by);
}
