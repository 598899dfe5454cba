// From the offer of text to being served there, by what it was offered for; every number leads to its
// contacts.

import { ask } from "./api.js";
import { callsLink, count, el, table } from "./review.js";

const STAGES = [["offered", "Offered"], ["declined", "Declined"], ["accepted", "Accepted"], ["failed", "Not sent"],
  ["opened", "Opened"], ["served", "Served"], ["handed_on", "To a person"], ["came_back", "Back to voice"], ["gave_up", "Gave up"]];
const rate = (value) => (value === null ? "–" : `${(100 * value).toFixed(1)}%`);

export async function showOffers(place, chosen) {
  place.replaceChildren(el("p", { class: "hint" }, "Counting…"));
  const answer = await ask("GET", `/api/offers?${new URLSearchParams(chosen)}`);
  const told = `${count(answer.contacts)} contacts${answer.complete ? "" : ", the newest of more"}.`;
  if (!answer.whole.offered) {
    place.replaceChildren(el("p", {}, `${told} Nobody was offered text.`));
    return;
  }
  const number = (figures, stage, intent) => (figures[stage]
    ? el("a", { href: callsLink({ ...chosen, text_stage: stage.replace("_", " "), ...intent }) }, count(figures[stage])) : "0");
  const row = (name, figures, intent) => [name, ...STAGES.map(([stage]) => number(figures, stage, intent)),
    count(figures.deflected), rate(figures.acceptance_rate), rate(figures.completion_rate), rate(figures.deflection_rate)];
  const rows = Object.entries(answer.by_intent).map(([intent, figures]) => row(intent, figures, { text_intent: intent }));
  place.replaceChildren(
    el("p", {}, told),
    table("Offers of text", ["Offered for", ...STAGES.map(([, head]) => head), "Deflected", "Acceptance", "Completion", "Deflection"],
      [row("All", answer.whole, {}), ...rows]),
    el("p", { class: "hint" }, "Deflected: served in text, and neither handed to a person nor back to voice. Acceptance is of those offered, completion of those who accepted, deflection of those offered. Who was offered text for two things counts in both."));
}
