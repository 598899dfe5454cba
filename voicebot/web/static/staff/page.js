// What any page of staff does: find its elements, and say in #problem what goes wrong.

export const $ = (id) => document.getElementById(id);

// A handler of events.
export function guarded(work) {
  return async (event) => {
    event?.preventDefault?.();
    $("problem").textContent = "";
    try {
      await work(event);
    } catch (error) {
      $("problem").textContent = error.message;
      $("problem").scrollIntoView({ block: "nearest" });
    }
  };
}
