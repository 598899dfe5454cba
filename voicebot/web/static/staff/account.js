// Password, sessions and tokens of whoever is signed in.

import { ask } from "./api.js";
import { showPlaces } from "./places.js";

const $ = (id) => document.getElementById(id);
const day = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const when = (seconds) => day.format(new Date(seconds * 1000));

async function show() {
  const me = await ask("GET", "/api/session");
  $("me").textContent = `${me.name}, ${me.role}`;
  $("user").value = me.name;
  $("must-change").hidden = !me.must_change_password;
  $("sessions-part").hidden = $("tokens-part").hidden = me.must_change_password;
  if (me.must_change_password) return;
  await showPlaces();
  $("scopes").replaceChildren(...me.scopes.map(scopeBox));
  await Promise.all([showSessions(), showTokens()]);
}

async function showSessions() {
  const sessions = await ask("GET", "/api/account/sessions");
  $("sessions").replaceChildren(
    ...sessions.map((each) =>
      line(each.this ? "This browser" : each.address || "Elsewhere",
        `since ${when(each.began_at)}, last used ${when(each.seen_at)}`)
    )
  );
  $("end-others").hidden = sessions.length < 2;
}

async function showTokens() {
  const tokens = await ask("GET", "/api/account/tokens");
  $("tokens").replaceChildren(...tokens.map(tokenLine));
}

function tokenLine(token) {
  const life = token.revoked_at !== null ? "revoked"
    : token.expires_at === null ? "good until revoked"
    : `${token.good ? "good until" : "ended"} ${when(token.expires_at)}`;
  const used = token.used_at === null ? "never used" : `last used ${when(token.used_at)}`;
  const item = line(token.title, `${token.scopes.join(", ")}; ${life}; ${used}`);
  if (token.good) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "quiet";
    button.textContent = "Revoke";
    button.setAttribute("aria-label", `Revoke ${token.title}`);
    button.addEventListener("click", guarded(async () => {
      await ask("DELETE", `/api/account/tokens/${encodeURIComponent(token.id)}`);
      await showTokens();
    }));
    item.append(button);
  }
  return item;
}

function line(title, detail) {
  const item = document.createElement("li");
  const words = document.createElement("div");
  const strong = document.createElement("strong");
  const small = document.createElement("span");
  strong.textContent = title;
  small.textContent = detail;
  small.className = "hint";
  words.append(strong, small);
  item.append(words);
  return item;
}

function scopeBox(scope) {
  const label = document.createElement("label");
  const box = document.createElement("input");
  box.type = "checkbox";
  box.value = scope;
  label.className = "choice";
  label.append(box, scope);
  return label;
}

function guarded(work) {
  return async (event) => {
    event?.preventDefault();
    $("problem").textContent = "";
    try {
      await work();
    } catch (error) {
      $("problem").textContent = error.message;
      $("problem").scrollIntoView({ block: "nearest" });
    }
  };
}

$("password-form").addEventListener("submit", guarded(async () => {
  $("password-done").textContent = "";
  await ask("POST", "/api/account/password", { old: $("old").value, new: $("new").value });
  $("password-form").reset();
  $("password-done").textContent = "Your password is changed.";
  await show();
}));

$("token-form").addEventListener("submit", guarded(async () => {
  $("made").hidden = true;
  const scopes = [...document.querySelectorAll("#scopes input:checked")].map((box) => box.value);
  const days = $("days").value === "" ? null : Number($("days").value);
  const made = await ask("POST", "/api/account/tokens", { title: $("token-title").value, scopes, days });
  $("token-form").reset();
  $("secret").textContent = made.secret;
  $("made").hidden = false;
  await showTokens();
}));

$("end-others").addEventListener("click", guarded(async () => {
  await ask("DELETE", "/api/account/sessions");
  await showSessions();
}));

$("sign-out").addEventListener("click", guarded(async () => {
  await ask("DELETE", "/api/session");
  location.replace("/sign-in");
}));

guarded(show)();
