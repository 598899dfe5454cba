// What a call's page shows of the call itself: what was said, what the bot knows, and where it is.

import { make } from "./listen-list.js";

const $ = (id) => document.getElementById(id);
const SPEAKERS = { bot: "Bot", caller: "Caller" };
const hour = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });

let told = "";

export function showSoFar(soFar) {
  const seen = JSON.stringify(soFar);
  if (seen === told) return;
  told = seen;
  $("so-far").hidden = soFar === null;
  $("secret").hidden = !soFar?.secret;
  if (soFar === null) return;
  $("step").textContent = soFar.step;
  showLines(soFar.lines);
  $("hearing").hidden = !soFar.hearing;
  $("hearing").textContent = `The caller is saying: ${soFar.hearing} …`;
  $("facts").replaceChildren(...Object.entries(soFar.facts).flatMap(([name, value]) => [
    make("dt", name), make("dd", value),
  ]));
}

// Only what is new is added, so that who is read to hears each line once; the last one may grow, and
// an earlier one turn out to hold a piece of a secret.
function showLines(lines) {
  const list = $("lines"), keys = new Set(lines.map(key));
  const follows = list.scrollHeight - list.scrollTop - list.clientHeight < 24;
  for (const each of [...list.children]) if (!keys.has(each.dataset.key)) each.remove();
  let place = list.firstElementChild;
  for (const each of lines) {
    if (place?.dataset.key === key(each)) place = place.nextElementSibling;
    else list.insertBefore(line(each), place);
  }
  if (follows) list.scrollTop = list.scrollHeight;
}

function key({ who, text, at }) {
  return `${who} ${at} ${text}`;
}

function line(said) {
  const made = make("li", undefined, said.who), head = make("span", undefined, "hint");
  head.append(`${SPEAKERS[said.who]} `, make("time", hour.format(new Date(said.at * 1000))));
  if (!said.understood) head.append(" ", make("span", "not understood", "mark bad"));
  made.dataset.key = key(said);
  made.append(head, make("p", said.text));
  return made;
}

export function showQueues(queues) {
  const list = $("queue");
  if ([...list.options].map((each) => each.value).join("\n") === queues.join("\n")) return;
  const chosen = list.value;
  list.replaceChildren(...queues.map((name) => new Option(name, name)));
  if (queues.includes(chosen)) list.value = chosen;
}

export function forgetCall() {
  told = "";
  $("lines").replaceChildren();
  $("so-far").hidden = $("secret").hidden = $("sending").hidden = true;
}
