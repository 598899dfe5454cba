// What pages that list have in common: times and elements.

export { $, guarded } from "./page.js";

const day = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

// Seconds since 1970, or what the API writes as a date.
export const when = (moment) => day.format(new Date(typeof moment === "number" ? moment * 1000 : moment));

export function made(tag, text = "", className = "") {
  const element = document.createElement(tag);
  element.textContent = text;
  if (className) element.className = className;
  return element;
}

export function choice(value, text = value) {
  const option = made("option", text);
  option.value = value;
  return option;
}
