// Signs in; with the link that the server printed (#first=...), makes the first administrator.

import { ask } from "./api.js";

const $ = (id) => document.getElementById(id);
const first = new URLSearchParams(location.hash.slice(1)).get("first");
const next = new URLSearchParams(location.search).get("next") ?? "";

if (first) {
  // The secret leaves the address line, and with it the history.
  history.replaceState(null, "", location.pathname + location.search);
  document.title = "Welcome - voicebot";
  $("title").textContent = "Welcome to voicebot";
  $("lead").hidden = false;
  $("hint").hidden = false;
  $("submit").textContent = "Begin";
  $("password").autocomplete = "new-password";
  $("password").setAttribute("aria-describedby", "hint");
}
$("name").focus();

$("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  $("problem").textContent = "";
  $("submit").disabled = true;
  const given = { name: $("name").value, password: $("password").value, next };
  try {
    const me = first
      ? await ask("POST", "/api/sign-in/first", { ...given, secret: first })
      : await ask("POST", "/api/sign-in", given);
    location.replace(me.next); // the server gives places of its own only
  } catch (error) {
    $("problem").textContent = error.message;
    $("password").select();
  } finally {
    $("submit").disabled = false;
  }
});
