// Who did what: by user, kind and day, page after page. The choice stands in the address.

import { ask } from "./api.js";
import { $, choice, guarded, made, when } from "./lists.js";
import { showPlaces } from "./places.js";

const FIELDS = ["who", "deed", "since", "until"];
const DAY_S = 86400;
let before = null;

// A day of the calendar as the browser's clock has it, in seconds since 1970.
const begins = (day) => new Date(`${day}T00:00`).getTime() / 1000;
function ends(day) {
  const next = new Date((begins(day) + DAY_S * 1.5) * 1000); // past midnight on the longest day too
  return new Date(next.getFullYear(), next.getMonth(), next.getDate()).getTime() / 1000;
}

async function load() {
  const query = new URLSearchParams({ limit: 100 });
  if ($("who").value.trim()) query.set("who", $("who").value.trim());
  if ($("deed").value) query.set("deed", $("deed").value);
  if ($("since").value) query.set("since", begins($("since").value));
  if ($("until").value) query.set("until", ends($("until").value));
  if (before !== null) query.set("before", before);
  const told = await ask("GET", `/api/audit?${query}`);
  $("entries").append(...told.entries.map(row));
  before = told.before;
  $("more").hidden = before === null;
  const shown = $("entries").children.length;
  $("summary").textContent = shown === 0 ? "Nothing of this kind"
    : `${shown} ${shown === 1 ? "entry" : "entries"}${before === null ? "" : ", and more"}`;
}

function row(entry) {
  const line = document.createElement("tr");
  line.append(made("td", when(entry.at)), made("td", entry.who), made("td", entry.deed),
    made("td", entry.what), made("td", entry.address || "command line"));
  return line;
}

async function begin() {
  $("entries").replaceChildren();
  before = null;
  await load();
}

$("filter").addEventListener("submit", guarded(async () => {
  const chosen = FIELDS.filter((name) => $(name).value).map((name) => [name, $(name).value]);
  history.replaceState(null, "", chosen.length ? `?${new URLSearchParams(chosen)}` : location.pathname);
  await begin();
}));
$("more").addEventListener("click", guarded(load));

guarded(async () => {
  await showPlaces();
  const { deeds } = await ask("GET", "/api/audit/deeds");
  $("deed").append(...deeds.map((deed) => choice(deed)));
  const asked = new URLSearchParams(location.search);
  for (const name of FIELDS) $(name).value = asked.get(name) ?? "";
  await begin();
})();
