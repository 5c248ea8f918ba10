"use strict";
(() => {
  const each = (selector, act) => document.querySelectorAll(selector).forEach(act);
  const order = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

  // Tables of runs: headings sort, words filter, boxes choose columns.
  each("table.runs", (table) => {
    const body = table.tBodies[0];
    const rows = [...body.rows].map((element) => ({ element, words: "" }));
    const headings = [...table.tHead.rows[0].cells];

    const valueOf = (row, column, isNumber) => {
      const cell = row.element.cells[column];
      if (isNumber) return "v" in cell.dataset ? Number(cell.dataset.v) : null;
      const text = cell.textContent.trim();
      return text === "–" ? null : text;
    };
    const sortBy = (column) => {
      const heading = headings[column];
      const isNumber = heading.classList.contains("right");
      const was = heading.getAttribute("aria-sort");
      const isAscending = was === null ? !isNumber : was === "descending";
      const keyed = rows.map((row) => ({ row, value: valueOf(row, column, isNumber) }));
      const compare = isNumber ? (a, b) => a - b : order.compare;
      keyed.sort((a, b) => {
        if (a.value === null || b.value === null) return (a.value === null) - (b.value === null);
        return isAscending ? compare(a.value, b.value) : compare(b.value, a.value);
      });
      headings.forEach((other) => other.removeAttribute("aria-sort"));
      heading.setAttribute("aria-sort", isAscending ? "ascending" : "descending");
      body.replaceChildren(...keyed.map(({ row }) => row.element));
    };
    headings.forEach((heading, column) => {
      const button = heading.querySelector("button");
      button.disabled = false;
      button.addEventListener("click", () => sortBy(column));
    });

    const filter = document.querySelector(`[data-filter="${table.id}"]`);
    const count = document.querySelector(`[data-count="${table.id}"]`);
    filter.addEventListener("input", () => {
      const wanted = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      for (const row of rows) {
        row.words ||= row.element.textContent.toLowerCase();
        row.element.hidden = !wanted.every((word) => row.words.includes(word));
        shown += !row.element.hidden;
      }
      count.textContent = `${shown} of ${rows.length} runs`;
    });
    each(`[data-table="${table.id}"]`, (box) => {
      const column = box.dataset.column;
      document.styleSheets[0].insertRule(
        `#${table.id}.hide-${column} .c${column} { display: none; }`,
      );
      const place = () => table.classList.toggle(`hide-${column}`, !box.checked);
      box.addEventListener("change", place);
      place();
    });
  });

  // Training curves: a box for each run, in all charts at once.
  each("[data-curve]", (box) => {
    const place = () =>
      each(`[data-run="${box.dataset.curve}"]`, (line) => line.classList.toggle("off", !box.checked));
    box.addEventListener("change", place);
    place();
  });

  // A number leads to its run, whose section is opened.
  const open = () => {
    const target = document.getElementById(location.hash.slice(1));
    if (target instanceof HTMLDetailsElement) {
      target.open = true;
      target.scrollIntoView();
      target.querySelector("summary").focus({ preventScroll: true });
    }
  };
  addEventListener("hashchange", open);
  each('a[href^="#run-"]', (link) => link.addEventListener("click", () => {
    // A second click on the number that was followed last changes no address.
    if (link.hash === location.hash) open();
  }));
  open();

  // Two runs beside each other: only the keys in which they differ.
  const { runs, keys, values, places } = JSON.parse(
    document.getElementById("configurations").textContent,
  );
  if (runs.length > 1) {
    const [a, b] = ["a", "b"].map((side) => document.getElementById(`difference-${side}`));
    const caption = document.getElementById("difference-caption");
    const cell = (kind, text, scope) => {
      const made = document.createElement(kind);
      const isolated = document.createElement("bdi");
      isolated.textContent = text;
      made.append(isolated);
      if (scope) made.scope = scope;
      return made;
    };
    const compare = () => {
      const [first, second] = [a.selectedIndex, b.selectedIndex];
      const rows = keys.flatMap((key, place) => {
        const [one, other] = [places[first][place], places[second][place]];
        if (one === other) return [];
        const row = document.createElement("tr");
        row.append(cell("th", key, "row"), cell("td", values[one]), cell("td", values[other]));
        return [row];
      });
      document.getElementById("difference-name-a").textContent = runs[first].name;
      document.getElementById("difference-name-b").textContent = runs[second].name;
      document.getElementById("difference-rows").replaceChildren(...rows);
      caption.textContent = rows.length
        ? `${rows.length} keys differ`
        : "Nothing that was recorded of their choices differs";
    };
    for (const [place, select] of [a, b].entries()) {
      select.append(...runs.map((run) => new Option(run.name)));
      select.selectedIndex = place;
      select.addEventListener("change", compare);
    }
    compare();
    document.getElementById("difference").hidden = false;
    document.getElementById("difference-without").hidden = true;
  }

  each(".controls", (controls) => (controls.hidden = false));
  const wide = matchMedia("(min-width: 68rem)");
  const contents = document.querySelector(".contents details");
  const unfold = () => (contents.open = wide.matches);
  wide.addEventListener("change", unfold);
  unfold();
})();
