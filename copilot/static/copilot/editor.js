// The editor: saves what is typed every two seconds, draws its margin line, loses nothing.
const $ = (query) => document.querySelector(query);
const form = () => $("#editor");
const area = () => $("#editor textarea");
export const make = (tag, className = "", textContent = "") => Object.assign(document.createElement(tag), { className, textContent });
let dirty = false;
let saving = false;

function lines() {
  const mirror = $("#editor .mirror");
  const text = area();
  if (!mirror || !text) return;
  const drafted = new Set(($("#drafted")?.content.textContent ?? "").split("\n").map((line) => line.trim()));
  mirror.classList.add("lines");
  mirror.replaceChildren(...text.value.split("\n").map((line) =>
    make("div", drafted.has(line.trim()) ? "" : "typed", line || "\u200b")));
  const count = text.value.split(/\s+/).filter(Boolean).length;
  $("#draft [data-count]").textContent = `${count} word${count === 1 ? "" : "s"}`;
}

export function notice(text) {
  $("#draft-notice")?.replaceChildren(make("p", "strip amber", text));
}

async function save() {
  const from = form();
  if (!dirty || saving || !from) return;
  dirty = false;
  saving = true;
  const body = new FormData(from);
  body.set("save", "1");
  body.delete("file");
  try {
    const answer = await fetch(from.dataset.save, { method: "POST", body, headers: { Accept: "application/json" } });
    const said = await answer.json().catch(() => ({}));
    if (answer.ok) {
      if (said.version) {
        from.elements.version.value = said.version;
        from.closest("#draft").dataset.version = said.version;
      }
      $("#saved").textContent = "Saved just now";
    } else notice(said.detail ?? "This could not be saved. Your text stays in this window.");
  } catch {
    dirty = true;
    $("#saved").textContent = "Not saved yet, trying again";
  } finally {
    saving = false;
  }
}

export const isEditing = () => Boolean(area());

document.addEventListener("input", (event) => {
  if (!event.target.closest("#editor")) return;
  dirty = true;
  $("#saved").textContent = "Not saved yet";
  if (event.target === area()) {
    lines();
    $("#changes").replaceChildren();
  }
});
setInterval(save, 2000);
document.addEventListener("visibilitychange", () => document.hidden && save());
// Leaving by a form saves by itself; a late save would meet an older version.
document.addEventListener("submit", () => (dirty = false));
document.addEventListener("htmx:beforeRequest", ({ target }) => target.closest?.("#editor") && (dirty = false));
addEventListener("beforeunload", (event) => dirty && event.preventDefault());

// A swap that leaves the conversation drops no words.
document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.target?.id === "pane" && dirty) save();
});
document.addEventListener("htmx:afterSettle", lines);
lines();
