// 'Call me' at a telephone: asks for the number, or takes the one that is known, and tells what came
// of it. The conversation goes on in text until somebody has answered.

import { make } from "./dom.js";

export async function offerPhone(view, talk) {
  const { offered, ending } = await talk.phone();
  if (!offered || talk.over) return;
  new Phone(view, talk, ending);
}

class Phone {
  constructor(view, talk, ending) {
    this.view = view;
    this.talk = talk;
    this.state = "";
    this.button = view.worded("button", "phone.open", { type: "button", class: "phone", "aria-expanded": "false" });
    this.input = make("input", { type: "tel", dir: "ltr", maxlength: "40", autocomplete: "tel", "data-label": "phone.number", "aria-label": view.word("phone.number") });
    this.fault = make("p", { class: "fault", role: "alert", hidden: true });
    this.form = make("form", { class: "number", hidden: true, novalidate: true });
    if (ending) {
      const known = make("button", { type: "button" }, view.worded("span", "phone.known"), make("bdi", {}, ` …${ending}`));
      known.addEventListener("click", () => this.call(""));
      this.form.append(known);
    }
    this.form.append(make("label", {}, view.worded("span", ending ? "phone.other" : "phone.number"), this.input),
      view.worded("button", "phone.call", { type: "submit" }), this.fault);
    this.button.addEventListener("click", () => this.show(this.form.hidden));
    this.form.addEventListener("submit", (event) => { event.preventDefault(); this.submit(); });
    this.form.addEventListener("keydown", ({ key }) => key === "Escape" && this.show(false));
    view.actions.append(this.button);
    view.actions.parentElement.after(this.form);
    talk.addEventListener("view", ({ detail }) => this.changed(detail));
  }

  show(shown) {
    this.form.hidden = !shown;
    this.button.setAttribute("aria-expanded", String(shown));
    this.tell("");
    if (shown) this.form.querySelector("button[type=button], input").focus();
    else this.button.focus();
  }

  submit() {
    const number = this.input.value.trim();
    if (number) this.call(number);
    else this.tell("noPhone.number");
  }

  async call(number) {
    this.tell("");
    try {
      await this.talk.callPhone(number);
      this.show(false);
      this.changed({ call: "dialling", over: false });
    } catch ({ code }) {
      this.tell(this.view.word(`noPhone.${code}`) ? `noPhone.${code}` : "noPhone.other");
    }
  }

  tell(name) {
    this.fault.hidden = !name;
    if (name) this.fault.dataset.word = name;
    this.fault.textContent = name ? this.view.word(name) : "";
  }

  changed({ call, over }) {
    if (over) this.button.hidden = this.form.hidden = true;
    if (call === this.state) return;
    this.state = call;
    this.button.disabled = call === "dialling";
    if (call === "dialling") this.view.setStatus("phone.ringing");
    else if (call && !over) {
      this.view.note(this.view.word(`noAnswer.${call}`) ? `noAnswer.${call}` : "noAnswer.other");
      this.view.setStatus("page.connected");
    }
  }
}
