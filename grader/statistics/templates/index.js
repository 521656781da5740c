"use strict";
// Sorts tables by their headings and filters the students. It only reads the page: names are text, never code.

const collator = new Intl.Collator(document.documentElement.lang, { numeric: true });

function keyOf(cell, isNumber) {
  const text = cell.firstChild ? cell.firstChild.textContent.trim() : "";
  const key = isNumber ? Number.parseFloat(text.replaceAll(",", "")) : text;
  return key === "" || Number.isNaN(key) ? null : key;
}

// What is empty comes last, both ways; equals keep their order, so that one can sort by several columns in turn.
function sort(body, column, isNumber, sign) {
  const keyed = [...body.rows].map((row) => [keyOf(row.cells[column], isNumber), row]);
  keyed.sort(([one], [other]) => {
    if (one === null || other === null) return (one === null) - (other === null);
    return sign * (isNumber ? one - other : collator.compare(one, other));
  });
  body.append(...keyed.map(([, row]) => row));
}

for (const table of document.querySelectorAll(".sortable")) {
  const headings = [...table.tHead.rows[0].cells];
  headings.forEach((heading, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...heading.childNodes);
    heading.append(button);
    button.addEventListener("click", () => {
      const ascending = heading.getAttribute("aria-sort") !== "ascending";
      for (const other of headings) other.removeAttribute("aria-sort");
      heading.setAttribute("aria-sort", ascending ? "ascending" : "descending");
      sort(table.tBodies[0], column, heading.classList.contains("number"), ascending ? 1 : -1);
    });
  });
}

const plain = (text) => text.normalize("NFC").toLowerCase();
const lines = (row) => [...row.cells].flatMap((cell) => [...cell.childNodes]).map((node) => node.textContent).join("\n");
const found = document.getElementById("found");
if (found) {
  const field = document.getElementById("find");
  let rows = null; // read when first needed: the page opens sooner
  const filter = () => {
    rows ??= [...found.tBodies[0].rows].map((row) => [row, plain(lines(row))]);
    const wanted = plain(field.value).split(/\s+/);
    let shown = 0;
    for (const [row, text] of rows) {
      row.hidden = !wanted.every((word) => text.includes(word));
      shown += !row.hidden;
    }
    document.getElementById("shown").textContent = shown;
  };
  // Browsers leave alone what is partly covered by headings that stay.
  found.tBodies[0].addEventListener("focusin", (event) =>
    event.target.scrollIntoView({ block: "nearest", inline: "nearest" }),
  );
  field.addEventListener("input", filter);
  field.form.addEventListener("submit", (event) => event.preventDefault());
  field.form.hidden = false;
  if (field.value) filter(); // a browser may have kept what was typed before
}
