// The theme is set by the server; here a choice is shown before it is kept.
const root = document.documentElement;
root.classList.add("js");

document.addEventListener("change", (event) => {
  if (event.target.name === "theme") root.dataset.theme = event.target.value;
});
