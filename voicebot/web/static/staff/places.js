// Where staff may go: links to the pages that the one who is signed in may see.
// A page says where they stand with <nav id="places" aria-label="Pages"></nav>.

import { ask } from "./api.js";

// Path, name, and the scope that it asks for (none: everybody who is signed in).
const PLACES = [
  ["/desk", "Desk", "desk"],
  ["/supervisor", "Live wall", "calls:read"],
  ["/listen", "Listen", "calls:listen"],
  ["/history", "History", "calls:read"],
  ["/calls", "Calls", "calls:read"],
  ["/outbox", "Outbox", "outbox:read"],
  ["/users", "Users", "users:manage"],
  ["/audit", "Audit log", "audit:read"],
  ["/account", "Account", null],
];

// Gives the paths that are open.
export async function showPlaces() {
  const { scopes } = await ask("GET", "/api/session");
  const open = PLACES.filter(([, , scope]) => scope === null || scopes.includes(scope));
  document.getElementById("places").replaceChildren(...open.map(link));
  return new Set(open.map(([path]) => path));
}

function link([path, name]) {
  const made = document.createElement("a");
  made.href = path;
  made.textContent = name;
  if (location.pathname === path) made.setAttribute("aria-current", "page");
  return made;
}
