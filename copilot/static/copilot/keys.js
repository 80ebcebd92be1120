// Keys, dialogs, the why-panel and the marks: every key clicks the control that carries it.
const root = document.documentElement;
const $ = (query, from = document) => from.querySelector(query);
const all = (query, from = document) => [...from.querySelectorAll(query)];
export const visible = (element) => element.checkVisibility({ visibilityProperty: true });
const FIELDS = "input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]";
const narrow = matchMedia("(max-width: 1180px)");

const openDialog = () => $("dialog[open]");
const holder = () => openDialog() ?? document;

function carrying(key) {
  const found = all(`[data-key="${CSS.escape(key)}"]`, holder());
  return found.find(visible) ?? found.find((element) => element.closest(".menu-body"));
}

// --- Why this draft -----------------------------------------------------------------------
export function toggleWhy(open = !visible($("#why") ?? root)) {
  root.dataset.why = open ? "open" : "closed";
  if (open && narrow.matches) $("#why")?.focus();
  if (!open && location.hash === "#why") history.replaceState(null, "", location.pathname + location.search);
}

// --- Marks and quotes -----------------------------------------------------------------------
function show(number, move) {
  for (const lit of all(".on")) lit.classList.remove("on");
  for (const lit of all(`[data-source="${number}"]`)) lit.classList.add("on");
  for (const sentence of all(`[data-cites~="${number}"]`)) sentence.classList.add("on");
  const target = $(move === "quote" ? `.source[data-source="${number}"]` : `.draft .mark[data-source="${number}"]`);
  target?.scrollIntoView({ block: "nearest" });
}

function step(by) {
  const numbers = all(".source[data-source]").map((source) => source.dataset.source);
  const now = numbers.indexOf($(".source.on")?.dataset.source);
  const next = numbers[(now + by + numbers.length + (now < 0 && by < 0)) % numbers.length];
  if (next) show(next, "quote");
}

// --- Moving in the list -----------------------------------------------------------------------
function move(by) {
  const rows = all("[data-row]");
  const now = rows.findIndex((row) => row === document.activeElement);
  const from = now < 0 ? rows.findIndex((row) => row.hasAttribute("aria-current")) : now;
  rows[Math.min(rows.length - 1, Math.max(0, from + by))]?.focus();
}

// A conversation that htmx brought into the pane is the chosen row.
document.addEventListener("htmx:afterSettle", () => {
  const open = $(".talk")?.dataset.conversation;
  for (const row of open ? all(".row") : []) {
    const chosen = row.id === `row-${open}`;
    row.classList.toggle("selected", chosen);
    if (chosen) $("[data-row]", row).setAttribute("aria-current", "true");
    else $("[data-row]", row).removeAttribute("aria-current");
  }
});

function press(element) {
  if (element.getAttribute("aria-disabled") === "true") return;
  element.click();
  const fold = element.closest("summary")?.parentElement;
  if (fold?.open) all(FIELDS, fold).find(visible)?.focus(); // what is typed next belongs there
}

let awaitsGo = 0;

function single(key, event) {
  if (awaitsGo > event.timeStamp) {
    awaitsGo = 0;
    return $(`[data-go="${CSS.escape(key)}"]`)?.click() ?? true;
  }
  if (key === "g") return (awaitsGo = event.timeStamp + 1500);
  if (key === "j" || key === "k") return move(key === "j" ? 1 : -1) ?? true;
  if (key === "[" || key === "]") return step(key === "]" ? 1 : -1) ?? true;
  if (key === "w" && $("#why")) return toggleWhy() ?? true;
  const element = carrying(key);
  if (element && !event.repeat) press(element); // a key that is held decides once
  return element;
}

function escape() {
  if (openDialog()) return false;
  const menu = $("details.menu[open]");
  if (menu) {
    menu.open = false;
    $("summary", menu).focus();
  } else if (narrow.matches && $("#why") && visible($("#why"))) {
    toggleWhy(false);
  } else {
    const element = document.activeElement?.matches("textarea, input") ? null : carrying("Escape");
    if (element) press(element);
    else document.activeElement?.blur();
  }
  return true;
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing || event.altKey) return;
  const command = event.ctrlKey || event.metaKey;
  if (command && event.key === "Enter") {
    const button = all("[data-enter]", holder()).find(visible);
    if (button) { event.preventDefault(); press(button); }
  } else if (event.key === "Escape") {
    if (escape()) event.preventDefault();
  } else if (!command && !root.dataset.singleKeys && !event.target.closest?.(FIELDS)) {
    if (event.key.length === 1 && event.key !== " " && single(event.key, event)) event.preventDefault();
  }
});

document.addEventListener("click", (event) => {
  const at = (query) => event.target.closest?.(query);
  const mark = at("[data-source].mark, [data-cited]");
  if (mark) {
    event.preventDefault();
    show(mark.dataset.source ?? mark.dataset.cited, mark.dataset.source ? "quote" : "mark");
    if (mark.dataset.source && !visible($("#why"))) toggleWhy(true);
  } else if (at(".why-open")) {
    event.preventDefault();
    toggleWhy(true);
  } else if (at("[data-close-why]")) {
    event.preventDefault();
    toggleWhy(false);
  } else if (at("[data-dismiss]") && openDialog()) {
    event.preventDefault();
    openDialog().close();
  } else if (at("[aria-disabled=true]")) {
    event.preventDefault();
    $("[name=ticks]:not(:checked)")?.focus();
  }
  for (const menu of all("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
});

// --- Dialogs ------------------------------------------------------------------------------------
const dialog = $("#dialog");
document.addEventListener("htmx:afterSwap", ({ detail }) => {
  if (detail.target.id === "changes") detail.target.scrollIntoView({ block: "nearest" });
  if (detail.target === dialog && !dialog.open) {
    dialog.showModal();
    ticks();
  } else if (dialog?.open && detail.target !== dialog) dialog.close();
});
dialog?.addEventListener("click", (event) => event.target === dialog && dialog.close());
dialog?.addEventListener("close", () => dialog.replaceChildren());

// --- Ticks: what is still missing stands on the button ----------------------------------------
export function ticks() {
  const draft = $("#draft");
  const left = draft ? all("[name=ticks]:not(:checked)", draft).length : 0;
  for (const button of all("#draft .approve")) {
    if (left) button.setAttribute("aria-disabled", "true");
    else button.removeAttribute("aria-disabled");
    if (left) $("[data-unticked]", button).textContent = left;
    if (left) $("[data-plural]", button).textContent = left === 1 ? "" : "s";
  }
  for (const name of all("#handover [data-chosen]")) {
    const chosen = $("#handover [name=to]:checked")?.dataset.name;
    name.textContent = chosen ? ` to ${chosen.split(",")[0]}` : "";
  }
}
document.addEventListener("change", ticks);
document.addEventListener("htmx:afterSettle", ticks);
ticks();
