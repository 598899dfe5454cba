// Elements from data, and times in words.

export const $ = (id) => document.getElementById(id);

// make("p", { class: "hint" }, "text", otherElement)
export function make(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== null) made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== null && child !== "" && child !== false));
  return made;
}

// Fills a list anew, only where it is another than before: screen readers and focus stay in peace.
export function fill(element, key, children) {
  const now = JSON.stringify(key);
  if (element.dataset.shown === now) return;
  element.dataset.shown = now;
  element.replaceChildren(...children());
}

export function lasting(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  const minutes = Math.floor(whole / 60);
  return `${minutes}:${String(whole % 60).padStart(2, "0")}`;
}

const day = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
export const when = (seconds) => day.format(new Date(seconds * 1000));

export function inWords(word) {
  return word ? word.charAt(0).toUpperCase() + word.slice(1).replace(/[_.]/g, " ") : "";
}
