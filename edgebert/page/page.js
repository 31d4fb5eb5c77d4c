"use strict";

/* Tables: the heading of a column sorts by it; a second time the other way round. */
function compare(one, other) {
  if (one === other) return 0;
  if (one === "" || other === "") return one === "" ? 1 : -1;
  const difference = Number(one) - Number(other);
  return Number.isNaN(difference) ? one.localeCompare(other, "en", { numeric: true }) : difference;
}

function valueOf(row, column) {
  const cell = row.cells[column];
  return cell.dataset.value ?? cell.textContent;
}

function sortBy(table, column, heading) {
  const descending = heading.getAttribute("aria-sort") === "ascending";
  const body = table.tBodies[0];
  const rows = Array.from(body.rows);
  rows.sort((a, b) => {
    const one = valueOf(a, column);
    const other = valueOf(b, column);
    const order = compare(one, other);
    return one === "" || other === "" || !descending ? order : -order;
  });
  for (const each of table.tHead.rows[0].cells) each.removeAttribute("aria-sort");
  heading.setAttribute("aria-sort", descending ? "descending" : "ascending");
  body.append(...rows);
}

for (const table of document.querySelectorAll("table")) {
  Array.from(table.tHead.rows[0].cells).forEach((heading, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = heading.textContent;
    button.addEventListener("click", () => sortBy(table, column, heading));
    heading.replaceChildren(button);
  });
}

/* Names such as card_arrival have no spaces to break at. */
for (const name of document.querySelectorAll("tbody th")) {
  const parts = name.textContent.split(/(?<=_)/);
  name.replaceChildren(...parts.flatMap((part) => [part, document.createElement("wbr")]));
}

/* Charts: one input and one setting at a time. */
for (const form of document.querySelectorAll("form.choices")) {
  const selects = Array.from(form.querySelectorAll("select"));
  const panels = form.parentElement.querySelectorAll(".panel");
  const show = () => {
    for (const panel of panels) {
      panel.hidden = selects.some(({ dataset, value }) =>
        (panel.dataset[dataset.choice] ?? value) !== value);
    }
  };
  form.addEventListener("change", show);
  form.hidden = false;
  show();
}

/* Moments in the reader's own time. */
for (const each of document.querySelectorAll("time[datetime]")) {
  each.textContent = new Date(each.dateTime)
    .toLocaleString(undefined, { dateStyle: "long", timeStyle: "short" });
}
