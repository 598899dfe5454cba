// What pages that list have in common: times, elements, and problems told in one place.

const day = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

export const $ = (id) => document.getElementById(id);

// Seconds since 1970, or what the API writes as a date.
export const when = (moment) => day.format(new Date(typeof moment === "number" ? moment * 1000 : moment));

export function made(tag, text = "", className = "") {
  const element = document.createElement(tag);
  element.textContent = text;
  if (className) element.className = className;
  return element;
}

export function choice(value, text = value) {
  const option = made("option", text);
  option.value = value;
  return option;
}

// A handler of events; what goes wrong stands in the page's #problem.
export function guarded(work) {
  return async (event) => {
    event?.preventDefault();
    $("problem").textContent = "";
    try {
      await work(event);
    } catch (error) {
      $("problem").textContent = error.message;
      $("problem").scrollIntoView({ block: "nearest" });
    }
  };
}
