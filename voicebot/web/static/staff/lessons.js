// What calls teach designers: where callers leave the flows, and what was not understood. Each with
// the line of the file to edit, and the calls.

import { ask } from "./api.js";
import { bars } from "./charts.js";
import { callsLink, count, el, filePlace, table, words } from "./review.js";

const CLUSTERS = 20;
const SPOTS = 2; // shown at once; they come by how often the words were said there
const SEEN = 5;
const share = (part, whole) => (whole ? `${Math.round((100 * part) / whole)}%` : "");

// `chosen` is what all figures of the page are told of: the interval and the filters.
export async function showFunnel(place, chosen) {
  place.replaceChildren(el("p", { class: "hint" }, "Following contacts…"));
  const asked = new URLSearchParams(chosen);
  const answer = await ask("GET", `/api/funnel?${asked}`);
  if (!answer.steps.length) {
    place.replaceChildren(el("p", {}, "No contacts."));
    return;
  }
  const left = (step) => callsLink({ ...chosen, outcome: "abandoned_in_flow", last_step: `${step.flow}.${step.step}` });
  place.replaceChildren(
    el("p", {}, `${count(answer.calls)} contacts${answer.complete ? "" : ", the newest of more"}.`),
    ...most("Callers who left unserved, by step", answer.steps, (step) => step.left, count, left),
    ...most("Prompts that were often interrupted", answer.steps, interrupted, (value) => `${Math.round(100 * value)}%`),
    ...most("Slow answers: 95 of 100 came within", answer.steps, (step) => step.answers.slow_ms, (value) => `${Math.round(value)} ms`),
    table("Steps of the flows", ["Step", "Came", "Left", "Drop-off", "Went on to", "Interrupted", "Not understood", "Silent", "Slow answers", "File"],
      answer.steps.map((step) => stepRow(step, left(step)))),
    el("details", {}, el("summary", {}, "Picture of the flows with these counts"),
      el("div", { class: "picture", tabindex: "0", role: "region", "aria-label": "Picture of the flows" },
        el("img", { src: `/api/funnel/picture?${asked}`, loading: "lazy", alt: "The flows, with counts on the ways that calls took; the table above has the same figures." }))));
}

// The steps with the highest values, if any.
function most(title, steps, of, write, href) {
  const rows = steps.map((step) => ({ name: `${step.flow}.${step.step}`, value: of(step) || 0, href: href?.(step) }))
    .filter((row) => row.value > 0).toSorted((one, other) => other.value - one.value).slice(0, 8);
  return rows.length ? [bars({ title, head: "Step", rows, write })] : [];
}

// Of a prompt that was heard once or twice a share says nothing.
const interrupted = ({ answers }) => (answers.turns >= SEEN ? answers.barged_in / answers.turns : 0);

function stepRow(step, left) {
  const { turns, barged_in, nomatch, noinput, slow_ms } = step.answers;
  const ways = el("ul", { class: "ways" }, ...step.ways.map((way) =>
    el("li", {}, `${way.label || way.why} → ${way.target}: ${count(way.count)} (${share(way.count, step.arrived)})`)));
  return [`${step.flow}.${step.step}`, count(step.arrived), step.left ? el("a", { href: left }, count(step.left)) : "0", share(step.left, step.arrived), step.ways.length ? ways : "",
    share(barged_in, turns), share(nomatch, turns), share(noinput, turns), slow_ms === null ? "" : `${Math.round(slow_ms)} ms`,
    filePlace(step)];
}

const ms = (value) => (value === null ? "" : `${count(Math.round(value))} ms`);
const BAD = ["failed", "timed_out", "not_tried"];

export async function showActions(place, chosen) {
  place.replaceChildren(el("p", { class: "hint" }, "Counting…"));
  const answer = await ask("GET", `/api/actions?${new URLSearchParams(chosen)}`);
  const told = `${count(answer.contacts)} contacts${answer.complete ? "" : ", the newest of more"}.`;
  if (!answer.actions.length) {
    place.replaceChildren(el("p", {}, `${told} No action ran.`));
    return;
  }
  const link = (each, result) => callsLink({ ...chosen, action: each.action, ...(result ? { action_result: result } : {}) });
  const number = (each, result) => (each.results[result] ? el("a", { href: link(each, result) }, count(each.results[result])) : "0");
  const slow = answer.actions.filter((each) => each.p95_ms !== null).slice(0, 8);
  place.replaceChildren(
    el("p", {}, told),
    ...(slow.length ? [bars({ title: "Slow actions: 95 of 100 runs were over within", head: "Action", write: ms,
      rows: slow.map((each) => ({ name: each.action, value: each.p95_ms, href: link(each) })) })] : []),
    table("Actions", ["Action", "Kind", "Runs", "Of contacts", "50% within", "95% within", "Done", "Refused", "Failed", "Timed out", "Not tried", "Given up", "Trouble"],
      answer.actions.map((each) => [each.action, each.kind || "not in the flows any more", el("a", { href: link(each) }, count(each.runs)), `${Math.round(100 * each.share)}%`, ms(each.p50_ms), ms(each.p95_ms),
        ...["done", "refused", "failed", "timed_out", "not_tried", "given_up"].map((result) => number(each, result)),
        share(BAD.reduce((sum, result) => sum + each.results[result], 0), each.runs)])),
    el("p", { class: "hint" }, "Not tried: the action failed too often just before, and callers were not let wait for it. Given up: they hung up meanwhile."));
}

export async function showMisunderstood(place, chosen, isWanted) {
  place.replaceChildren(el("p", { class: "hint" }, "Putting words together…"));
  // New words take a moment each: the server does a few at a time.
  let answer = null;
  do {
    answer = await askForClusters(chosen, 0);
    if (!isWanted()) return;
    const left = answer.pending ? `, ${count(answer.pending)} of them not put together yet` : "";
    const told = `${count(answer.turns)} turns${answer.complete ? "" : ", the newest of more"}${left}.`;
    place.replaceChildren(el("p", {}, answer.turns ? told : "Everything was understood."));
    addClusters(place, chosen, answer);
  } while (answer.pending);
}

const askForClusters = (chosen, offset) => ask("GET", `/api/misunderstood?${new URLSearchParams({ ...chosen, limit: CLUSTERS, offset })}`);

function addClusters(place, chosen, answer) {
  place.append(...answer.clusters.map((each) => clusterBlock(each, chosen)));
  if (answer.next_offset === null) return;
  const more = el("button", { type: "button", class: "quiet", onclick: async () => {
    more.disabled = true;
    const next = await askForClusters(chosen, answer.next_offset);
    more.remove();
    addClusters(place, chosen, next);
  } }, "More");
  place.append(more);
}

function clusterBlock(cluster, chosen) {
  const kinds = Object.entries(cluster.kinds).map(([kind, number]) => el("span", { class: "badge" }, `${words(kind)} ${number}`));
  const said = (text) => el("li", {}, el("a", { href: callsLink({ q: `"${text.replaceAll('"', " ")}"`, who: "caller", ...chosen }) }, `“${text}”`));
  const calls = el("a", { href: callsLink({ ids: cluster.calls.join(",") }) },
    cluster.calls.length === 1 ? "The call, to read and replay" : `${cluster.calls.length} calls, to read and replay`);
  return el("article", { class: "hit" },
    el("p", { class: "meta" }, el("strong", {}, `${count(cluster.count)} × “${cluster.text}”`), el("span", {}, cluster.language), ...kinds),
    el("details", {}, el("summary", {}, "Examples"), el("ul", {}, ...cluster.examples.map(said))),
    el("p", { class: "meta" }, calls),
    ...cluster.spots.slice(0, SPOTS).map(spotLine),
    ...furtherSpots(cluster.spots.slice(SPOTS)));
}

function furtherSpots(spots) {
  if (!spots.length) return [];
  const summary = el("summary", {}, `${count(spots.length)} more step${spots.length === 1 ? "" : "s"}`);
  return [el("details", {}, summary, ...spots.map(spotLine))];
}

function spotLine(spot) {
  const places = [[spot.place, "step"], ...spot.grammars.map((place) => [place, "grammar"]), [spot.intents, "intents"]];
  const shown = places.filter(([place]) => place).map(([place, what]) => el("span", {}, `${what} `, filePlace(place)));
  return el("p", { class: "meta" }, el("span", {}, `${spot.flow}.${spot.step}, ${count(spot.count)} ×`),
    ...(shown.length ? shown : ["the flows have changed since"]));
}
