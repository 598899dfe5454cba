// The chat as a part of another page: one script tag, nothing else of the page touched.
//
//   <script src="https://text.shop.example/widget.js" async></script>
//
// All of it lives in a shadow tree. No cookies: the key stays in the session storage of the page
// that embeds it, whose origin must be in voicebot's settings (text.origins).
(() => {
  const base = new URL("./", document.currentScript.src);
  const host = document.createElement("div");
  const shadow = host.attachShadow({ mode: "open" });
  const style = document.createElement("link");
  style.rel = "stylesheet";
  style.href = new URL("chat/style.css", base);
  const panel = document.createElement("div");
  panel.className = "panel";
  panel.hidden = true;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "launch";
  button.setAttribute("aria-expanded", "false");
  const language = document.documentElement.lang || navigator.language;
  button.textContent = "Chat";
  shadow.append(style, panel, button);
  let view = null;

  const load = (name) => import(new URL(`chat/${name}`, base));
  load("words.js").then(({ wordsFor }) => wordsFor(language)).then(({ launch }) => { button.textContent = launch; }, () => {});

  async function open() {
    const [{ Talk }, { View }] = await Promise.all([load("talk.js"), load("view.js")]);
    view = new View(panel, language);
    const talk = new Talk(base, sessionStorage, true);
    view.follow(talk);
    try {
      await talk.begin();
    } catch (error) {
      return view.trouble(error.code ?? "other");
    }
    talk.start();
    view.offerAgain(() => { talk.forget(); open(); });
    load("phone.js").then(({ offerPhone }) => offerPhone(view, talk)).catch(() => {}); // the text goes on
  }

  function show(shown) {
    panel.hidden = !shown;
    button.setAttribute("aria-expanded", String(shown));
    if (shown && !view) open();
    else if (shown) view.input.focus();
    else button.focus();
  }

  button.addEventListener("click", () => show(panel.hidden));
  shadow.addEventListener("keydown", ({ key }) => key === "Escape" && !panel.hidden && show(false));
  document.body.append(host);
})();
