// Which stretch of time the history shows, and the periods it is cut into, by the browser's clock.

const DAY_MS = 86_400_000;

// {since, until, before}: dates; `before` is where the interval to compare with begins.
export function interval(name, from, to, now = new Date()) {
  const today = midnight(now);
  if (name === "today") return { since: today, until: now, before: days(today, -1) };
  if (name === "yesterday") return { since: days(today, -1), until: today, before: days(today, -2) };
  if (name === "custom") {
    const since = new Date(`${from}T00:00`);
    const until = days(new Date(`${to}T00:00`), 1);
    if (!(since < until)) throw new Error("Choose a first day, and a last day that is not before it.");
    return { since, until, before: days(since, -Math.round((until - since) / DAY_MS)) };
  }
  const length = Number(name) || 7;
  return { since: days(today, 1 - length), until: now, before: days(today, 1 - 2 * length) };
}

export function every({ since, until }) {
  const length = (until - since) / DAY_MS;
  return length <= 2.1 ? "hour" : length <= 93 ? "day" : "week";
}

// All periods of an interval, with the names that the server gives them.
export function periods(since, until, each) {
  const found = [];
  let at = each === "hour" ? new Date(since) : midnight(since);
  if (each === "hour") at.setMinutes(0, 0, 0);
  if (each === "week") at = days(at, -((at.getDay() + 6) % 7));
  while (at < until) {
    const next = each === "hour" ? new Date(at.getTime() + 3_600_000) : days(at, each === "week" ? 7 : 1);
    found.push({ name: named(at, each), begin: at < since ? since : at, end: next > until ? until : next, at });
    at = next;
  }
  return found;
}

function named(at, each) {
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  if (each !== "hour") return day;
  const off = -at.getTimezoneOffset();
  const sign = off < 0 ? "-" : "+";
  return `${day}T${two(at.getHours())}:00${sign}${two(Math.floor(Math.abs(off) / 60))}:${two(Math.abs(off) % 60)}`;
}

const two = (number) => String(number).padStart(2, "0");
const midnight = (at) => new Date(at.getFullYear(), at.getMonth(), at.getDate());
// By the calendar: a day may have 23 or 25 hours.
const days = (at, number) => new Date(at.getFullYear(), at.getMonth(), at.getDate() + number, at.getHours(), at.getMinutes());
