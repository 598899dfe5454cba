// What the pages on past calls share: making elements, writing figures, state in the address.

export { $, guarded } from "./page.js";

export function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.filter((each) => each !== null && each !== undefined));
  return made;
}

const moments = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const counts = new Intl.NumberFormat();

export const moment = (iso) => (iso === null ? "" : moments.format(new Date(iso)));
export const count = (number) => counts.format(number);
export const zone = () => Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";

// 75.2 -> 1:15
export function clock(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  const rest = String(whole % 60).padStart(2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

// Names of sums that say too little by themselves.
const PLAIN = {
  queued: "Waited for a person", answered: "Got a person", called_back: "Got a person by call back",
  within: "Got a person in time", short_in_flow: "Left the flow at once", short_in_queue: "Left a queue at once",
  known: "Person and matter known", repeats: "Came back on the same matter",
  settled: "Too long ago to come back", undone: "Self served, yet came back",
};

// self_served -> Self served
export function words(name) {
  if (Object.hasOwn(PLAIN, name)) return PLAIN[name];
  const text = name.replaceAll("_", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

// The value of <input type="datetime-local"> and back; the address holds UTC.
export function toLocal(iso) {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return "";
  const pad = (number) => String(number).padStart(2, "0");
  return `${at.getFullYear()}-${pad(at.getMonth() + 1)}-${pad(at.getDate())}` +
    `T${pad(at.getHours())}:${pad(at.getMinutes())}`;
}
export const toIso = (local) => new Date(local).toISOString();

export function callsLink(chosen) {
  return `/calls?${new URLSearchParams(chosen)}`;
}

// A table whose cells know their heads: on narrow screens each row becomes a block.
// Unless it is `tight`: few short columns.
export function table(caption, heads, rows, tight = false) {
  const cells = (row) =>
    row.map((cell, place) => el(place ? "td" : "th", place ? { "data-head": heads[place] } : { scope: "row" }, cell));
  return el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
    el("table", { class: tight ? "tight" : null },
      el("caption", { class: "unseen" }, caption),
      el("thead", {}, el("tr", {}, ...heads.map((head) => el("th", { scope: "col" }, head)))),
      el("tbody", {}, ...rows.map((row) => el("tr", {}, ...cells(row))))));
}

// A place in a file, to be copied into an editor.
export function filePlace({ file, line, column }) {
  const place = line ? `${file}:${line}:${column}` : file;
  const done = el("span", { class: "hint", role: "status" });
  const copy = async () => {
    await navigator.clipboard?.writeText(place);
    done.textContent = " copied";
  };
  return el("span", { class: "place" }, el("code", {}, place),
    el("button", { type: "button", class: "quiet small", "aria-label": `Copy ${place}`, onclick: copy }, "Copy"), done);
}
