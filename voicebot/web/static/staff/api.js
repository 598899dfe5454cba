// The JSON API for pages of staff: an answer, or an Error with the server's own sentence.

export async function ask(method, path, body) {
  const options = { method, headers: { accept: "application/json" } };
  if (body !== undefined) {
    options.headers["content-type"] = "application/json";
    options.body = JSON.stringify(body);
  }
  let answer;
  try {
    answer = await fetch(path, options);
  } catch {
    throw new Error("The server does not answer. Try again in a moment.");
  }
  if (answer.status === 401) {
    const here = encodeURIComponent(location.pathname + location.search);
    location.assign(`/sign-in?next=${here}`);
    throw new Error("You are signed out.");
  }
  const told = answer.status === 204 ? null : await answer.json().catch(() => null);
  if (!answer.ok) throw new Error(sentence(told?.detail, answer.status));
  return told;
}

function sentence(detail, status) {
  if (Array.isArray(detail)) detail = detail.map((each) => each.msg).join("; ");
  detail = detail || `The server refused (${status}).`;
  return detail.charAt(0).toUpperCase() + detail.slice(1);
}
