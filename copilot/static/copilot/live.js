// One event stream a page: a snapshot first, then changes; older versions are ignored.
import { isEditing, make, notice } from "./editor.js";

const $ = (query) => document.querySelector(query);
let source = null;
let address = "";
let lost = 0;
let held = 0;

const wanted = () => ($(".talk[data-live]") ?? $("#pane[data-live]"))?.dataset.live ?? "";
const draft = () => $("#draft");
const banner = (show) => $("#connection")?.toggleAttribute("hidden", !show);

function say(text) {
  $("#status").replaceChildren(make("span", "sr", text));
}

function parse(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return template.content;
}

// Every element of the answer replaces the one with its id; what a person types stays.
function put(html) {
  for (const fresh of [...parse(html).children]) {
    const old = fresh.id && document.getElementById(fresh.id);
    if (!old || fresh.id === "status") continue;
    fresh.removeAttribute("hx-swap-oob");
    const focused = old.contains(document.activeElement) ? document.activeElement.id : "";
    const kept = [...old.querySelectorAll("input.input[id]")].map((field) => [field.id, field.value]);
    old.replaceWith(fresh);
    for (const [id, value] of kept) {
      const field = document.getElementById(id);
      if (field) field.value = value;
    }
    window.htmx?.process(fresh);
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  }
  document.dispatchEvent(new CustomEvent("htmx:afterSettle", { detail: {} }));
}

function card(data) {
  const { draft: n, version, html } = data;
  const now = draft();
  clearTimeout(held); // or an older one would come after it, and stay
  if (!now) return;
  // An action's own answer is on its way: it also brings the status line, and needs its form in the page.
  if ($("#draft .htmx-request")) return void (held = setTimeout(card, 200, data));
  const said = parse(html).querySelector("#draft")?.dataset;
  const ahead = now.dataset.n - n || now.dataset.version - version;
  // A reply on its way moves on without a new version of its draft; what is said of it tells.
  if (ahead > 0 || (!ahead && (isEditing() || said?.said === now.dataset.said))) return;
  if (isEditing()) {
    now.dataset.version = version;
    const why = said?.state === "stale" ? "The customer wrote again." : `This draft has moved on: ${said?.said ?? "changed"}`;
    if (said?.state !== "editing") notice(`${why} Your text is kept.`);
    return;
  }
  put(html);
  if (said?.state === "sent") toDraft();
  if (said?.said && !["thinking", "streaming"].includes(said.state)) say(said.said);
}

function text({ draft: n, version, text: words }) {
  const now = draft();
  if (!now || isEditing() || Number(now.dataset.n) !== n || Number(now.dataset.version) > version) return;
  // The first words come before the card they belong to, and stand where it says what is being read.
  const place = $("#growing") ?? $("#draft.is-queued .words, #draft.is-thinking .words");
  if (!place) return;
  now.dataset.version = version;
  place.dir = "auto";
  const paragraphs = words.split(/\n{2,}/).map((part) => {
    const paragraph = make("p");
    part.split("\n").forEach((line, i) => paragraph.append(...(i ? [make("br")] : []), line));
    return paragraph;
  });
  paragraphs.at(-1)?.append(make("span", "caret"));
  place.replaceChildren(...paragraphs);
}

function list({ changed, html }) {
  if (html) put(html);
  const fresh = $("#fresh");
  if (!fresh || !changed) return;
  fresh.hidden = false;
  fresh.textContent = `${changed} new conversation${changed === 1 ? "" : "s"}`;
}

function message({ html }) {
  const arrivals = $("#arrivals");
  const fresh = parse(html);
  const first = fresh.firstElementChild;
  if (!arrivals || (first?.id && document.getElementById(first.id))) return;
  arrivals.before(fresh);
  say("A new message has arrived.");
}

const HANDLERS = {
  snapshot: (data) => {
    if (data.html) card(data);
    if (data.text) text(data);
    if (data.changed) list(data);
  },
  card, text, list, message,
};

function close() {
  source?.close();
  source = null;
}

function open() {
  address = wanted();
  close();
  if (!address || document.hidden) return;
  source = new EventSource(address);
  source.onopen = () => { lost = 0; banner(false); };
  source.onerror = () => {
    lost += 1;
    if (lost > 1 || source?.readyState === EventSource.CLOSED) banner(true);
    if (source?.readyState === EventSource.CLOSED) setTimeout(() => source?.readyState === EventSource.CLOSED && open(), 5000);
  };
  for (const [name, handle] of Object.entries(HANDLERS)) {
    source.addEventListener(name, (event) => handle(JSON.parse(event.data)));
  }
}

document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
addEventListener("pagehide", close);
document.addEventListener("htmx:afterSettle", () => {
  if (wanted() !== address) { open(); toDraft(); }
});
document.addEventListener("click", (event) => event.target.closest?.("[data-reconnect]") && open());

// The end of a conversation is where the work is; on opening, show as much of the draft as fits.
function toDraft() {
  const thread = $("#thread");
  if (thread && thread.scrollHeight > thread.clientHeight) thread.scrollTop = thread.scrollHeight;
  else if (draft() && draft().getBoundingClientRect().bottom > innerHeight) draft().scrollIntoView({ block: "start" });
}

// Seconds that pass while a card is on the screen.
const began = new WeakMap();
setInterval(() => {
  for (const place of document.querySelectorAll("[data-elapsed], [data-left]")) {
    if (!began.has(place)) began.set(place, performance.now());
    const gone = Math.floor((performance.now() - began.get(place)) / 1000);
    const { elapsed, left } = place.dataset;
    place.textContent = elapsed ? Number(elapsed) + gone : Math.max(0, Number(left) - gone);
    const ring = left && $("[data-ring] .hand");
    if (ring) ring.setAttribute("stroke-dasharray", `${(100 * place.textContent) / $("[data-ring]").dataset.ring} 100`);
  }
}, 250);

open();
toDraft();
document.fonts.ready.then(toDraft);
