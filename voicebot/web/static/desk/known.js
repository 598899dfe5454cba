// The third zone: facts, articles that may help, and the times before.

import { $, fill, inWords, make, when } from "./dom.js";

const SURE = 0.25;

export function showFacts(contact) {
  const facts = contact?.facts ?? [];
  fill($("facts"), [contact?.contact, facts], () => facts.flatMap(([name, value]) =>
    [make("dt", {}, inWords(name)), make("dd", {}, value)]));
  $("question").disabled = contact === null;
}

// `put` takes an article's text into the box of a conversation in text; null where there is none.
export function showArticles(found, put) {
  const articles = found?.articles ?? [];
  $("asked").textContent = found?.question ? `For “${found.question}”` : "";
  fill($("articles"), [found?.question, articles, put !== null], () => articles.map(({ title, text, confidence }, number) =>
    make("details", { open: number === 0 && confidence >= SURE },
      make("summary", {}, title), make("p", {}, text),
      put && make("button", { type: "button", class: "quiet", onclick: () => put(text) }, "Put into the box"))));
}

export function showBefore(card) {
  const open = card?.open;
  $("open-matter").hidden = !open;
  if (open) $("open-matter").textContent = `Still open: ${inWords(open.about)}, since ${open.when}.`;
  const notes = card?.notes ?? [];
  fill($("before"), [card?.contact, card?.before, notes, card?.complete], () => {
    if (!card) return [];
    const items = [...notes.map((note) => make("li", {}, noteOf(note))), ...card.before.map(contactOf)];
    if (!card.complete) items.push(make("li", { class: "hint" }, "Not all records could be read."));
    return items.length ? items : [make("li", { class: "hint" }, "Nothing is known of earlier contacts.")];
  });
}

function contactOf({ at, outcome, about, open, notes }) {
  return make("li", {},
    make("p", {}, make("strong", {}, inWords(about) || "A contact"), ` ${inWords(outcome).toLowerCase()}${open ? ", still open" : ""}`,
      make("span", { class: "hint" }, ` ${when(at)}`)),
    ...notes.map(noteOf));
}

function noteOf({ agent, code, text }) {
  return make("p", { class: "note" }, code && make("strong", {}, `${inWords(code)}. `), text, make("span", { class: "hint" }, ` ${agent}`));
}
