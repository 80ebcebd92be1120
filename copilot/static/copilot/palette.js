// Ctrl+K: every action and page that can be reached from here, with its key.
import { make } from "./editor.js";
import { visible } from "./keys.js";

const palette = document.querySelector("#palette");
const field = palette?.querySelector("input");
const list = palette?.querySelector("[role=listbox]");
const ORDER = ["On this draft", "On this conversation", "Go to", "Conversations"];
let commands = [];
let shown = [];
let chosen = 0;

function gather() {
  const found = [...document.querySelectorAll("[data-command]")].filter(
    (element) => visible(element) || element.closest(".menu-body, .nav"));
  const names = new Set();
  commands = found.filter((element) => {
    const fresh = !names.has(element.dataset.command);
    names.add(element.dataset.command);
    return fresh;
  }).map((element) => ({
    element, label: element.dataset.command, group: element.dataset.group ?? "", icon: element.querySelector("svg.icon:not(kbd *)"),
    key: (element.getAttribute("aria-keyshortcuts") ?? "").replace("Control+", "Ctrl ").replace("Shift+", "⇧ ").split(" ").filter(Boolean),
  }));
  for (const row of document.querySelectorAll("[data-row]")) {
    commands.push({ element: row, label: row.textContent.trim(), group: "Conversations", key: [] });
  }
}

function marked(label, words) {
  const at = words ? label.toLowerCase().indexOf(words) : -1;
  if (at < 0) return [label];
  return [label.slice(0, at), make("b", "", label.slice(at, at + words.length)), label.slice(at + words.length)];
}

function option(command, index, words) {
  const item = make("div");
  item.id = `palette-${index}`;
  item.setAttribute("role", "option");
  const label = make("span");
  label.append(...marked(command.label, words));
  const keys = make("span", "keys");
  keys.append(...command.key.map((key) => make("kbd", "", key.length === 1 ? key.toUpperCase() : key)));
  item.append(command.icon?.cloneNode(true) ?? make("i"), label, keys);
  item.addEventListener("click", () => run(command));
  return item;
}

function draw() {
  const words = field.value.trim().toLowerCase();
  shown = commands.filter((command) => command.label.toLowerCase().includes(words)).slice(0, 30);
  chosen = Math.min(chosen, Math.max(0, shown.length - 1));
  shown.sort((one, other) => ORDER.indexOf(one.group) - ORDER.indexOf(other.group));
  const groups = Map.groupBy(shown, (command) => command.group);
  shown = [...groups.values()].flat();
  let index = 0;
  list.replaceChildren(...[...groups].map(([name, members]) => {
    const group = make("div");
    group.setAttribute("role", "group");
    group.setAttribute("aria-label", name);
    const title = make("p", "meta", name);
    title.setAttribute("aria-hidden", "true");
    group.append(title, ...members.map((command) => option(command, index++, words)));
    return group;
  }));
  if (!shown.length) list.replaceChildren(make("p", "meta", `Nothing is called “${field.value}”.`));
  choose(chosen);
}

function choose(index) {
  chosen = index;
  list.querySelectorAll("[role=option]").forEach((item, i) => {
    item.setAttribute("aria-selected", String(i === index));
    if (i === index) item.scrollIntoView({ block: "nearest" });
  });
  if (shown.length) field.setAttribute("aria-activedescendant", `palette-${index}`);
  else field.removeAttribute("aria-activedescendant");
}

function run(command) {
  palette.close();
  command.element.click();
}

function openPalette() {
  if (palette.open) return;
  gather();
  field.value = "";
  chosen = 0;
  draw();
  palette.showModal();
}

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k" && palette) {
    event.preventDefault();
    openPalette();
  }
});
document.addEventListener("click", (event) => {
  if (event.target.closest?.("[data-open=palette]")) openPalette();
  if (event.target === palette) palette.close();
});
field?.addEventListener("input", () => { chosen = 0; draw(); });
field?.addEventListener("keydown", (event) => {
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (by && shown.length) {
    event.preventDefault();
    choose((chosen + by + shown.length) % shown.length);
  } else if (event.key === "Enter" && shown[chosen]) {
    event.preventDefault();
    event.stopPropagation();
    run(shown[chosen]);
  }
});
