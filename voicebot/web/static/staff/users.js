// Who may sign in: add, change roles, lock, give passwords, end sessions, revoke tokens.

import { ask } from "./api.js";
import { $, choice, guarded, made, when } from "./lists.js";
import { showPlaces } from "./places.js";

let roles = {};
const open = new Set(); // whose details are unfolded

const path = (user, rest = "") => `/api/users/${encodeURIComponent(user.name)}${rest}`;

async function show() {
  const told = await ask("GET", "/api/users");
  roles = told.roles;
  const chosen = $("role").value;
  $("role").replaceChildren(...Object.keys(roles).map((role) => choice(role)));
  if (chosen) $("role").value = chosen;
  showRights();
  $("summary").textContent = told.users.length === 1 ? "One user" : `${told.users.length} users`;
  $("users").replaceChildren(...told.users.map(userLine));
}

function showRights() {
  const role = $("role").value;
  $("rights").textContent = `${role}: ${roles[role].join(", ")}`;
}

function userLine(user) {
  const item = document.createElement("li");
  const words = document.createElement("div");
  const name = made("strong", user.name + " ");
  if (user.you) name.append(made("span", "you", "mark"));
  if (user.disabled) name.append(made("span", "locked", "mark bad"));
  if (user.must_change_password) name.append(made("span", "has to choose a password", "mark"));
  words.append(name, made("span", standing(user), "hint"));
  item.append(words, details(user));
  return item;
}

function standing(user) {
  const browsers = user.sessions === 0 ? "not signed in"
    : `signed in, last used ${when(user.seen_at)}`;
  const tokens = user.tokens === 0 ? "" : user.tokens === 1 ? "; 1 token" : `; ${user.tokens} tokens`;
  return `${user.role}; ${browsers}${tokens}; since ${when(user.created_at)}`;
}

function details(user) {
  const part = document.createElement("details");
  const summary = made("summary", "Change");
  summary.setAttribute("aria-label", `Change ${user.name}`);
  const deeds = made("div", "", "deeds");
  const tokens = document.createElement("ul");
  deeds.append(...roleChoice(user));
  if (!user.you) {
    deeds.append(
      button(user, user.disabled ? "Unlock" : "Lock", async () => {
        await ask("PATCH", path(user), { disabled: !user.disabled });
        await show();
      }),
      button(user, "New password", () => givePassword("POST", path(user, "/password"))),
    );
  }
  if (user.sessions) {
    deeds.append(button(user, "Sign out everywhere", async () => {
      await ask("DELETE", path(user, "/sessions"));
      await show();
    }));
  }
  deeds.append(tokens);
  part.append(summary, deeds);
  part.addEventListener("toggle", guarded(async () => {
    if (!part.open) return void open.delete(user.name);
    open.add(user.name);
    await showTokens(user, tokens);
  }));
  part.open = open.has(user.name);
  return part;
}

function roleChoice(user) {
  const label = made("label", "Works as");
  const select = document.createElement("select");
  select.id = `role-of-${user.name}`;
  label.htmlFor = select.id;
  select.append(...Object.keys(roles).map((role) => choice(role)));
  select.value = user.role;
  select.addEventListener("change", guarded(async () => {
    try {
      await ask("PATCH", path(user), { role: select.value });
    } finally {
      await show();
      document.getElementById(select.id)?.focus();
    }
  }));
  return [label, select];
}

async function showTokens(user, list) {
  const tokens = (await ask("GET", path(user, "/tokens"))).filter((token) => token.good);
  list.replaceChildren(...tokens.map((token) => {
    const item = document.createElement("li");
    const words = document.createElement("div");
    const used = token.used_at === null ? "never used" : `last used ${when(token.used_at)}`;
    words.append(made("strong", token.title), made("span", `${token.scopes.join(", ")}; ${used}`, "hint"));
    item.append(words, button(user, "Revoke", async () => {
      await ask("DELETE", path(user, `/tokens/${encodeURIComponent(token.id)}`));
      await show();
    }, token.title));
    return item;
  }));
}

function button(user, text, work, of = user.name) {
  const made_ = made("button", text, "quiet");
  made_.type = "button";
  made_.setAttribute("aria-label", `${text}: ${of}`);
  made_.addEventListener("click", guarded(work));
  return made_;
}

async function givePassword(method, where, body) {
  $("made").hidden = true;
  const told = await ask(method, where, body);
  $("made-for").textContent = `The password of ${told.name}.`;
  $("password").textContent = told.password;
  $("made").hidden = false;
  $("made").focus();
  await show();
}

$("role").addEventListener("change", showRights);
$("add").addEventListener("submit", guarded(async () => {
  await givePassword("POST", "/api/users", { name: $("name").value, role: $("role").value });
  $("name").value = "";
}));

guarded(async () => {
  await showPlaces();
  await show();
})();
