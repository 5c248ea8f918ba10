"use strict";
(() => {
  const each = (selector, act) => document.querySelectorAll(selector).forEach(act);
  const order = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

  const MOST_ROWS = 50;

  // Tables of runs: headings sort, words filter, boxes choose columns.
  each("table.runs", (table) => {
    const body = table.tBodies[0];
    const headings = [...table.tHead.rows[0].cells];
    const filter = document.querySelector(`[data-filter="${table.id}"]`);
    const count = document.querySelector(`[data-count="${table.id}"]`);
    const more = document.querySelector(`[data-more="${table.id}"]`);
    let rows = [...body.rows].map((element) => ({ element, words: "" }));
    let limit = MOST_ROWS;

    const show = () => {
      const wanted = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
      const found = rows.filter((row) => {
        if (wanted.length) row.words ||= row.element.textContent.toLowerCase();
        return wanted.every((word) => row.words.includes(word));
      });
      // Rows that are not there cost no layout: a sort answers at once.
      const shown = found.slice(0, limit);
      body.replaceChildren(...shown.map((row) => row.element));
      const also = found.length > shown.length ? `, the first ${shown.length} shown` : "";
      count.textContent = `${found.length} of ${rows.length} runs${also}`;
      more.hidden = found.length === shown.length;
    };
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
      const compare = isNumber ? (a, b) => a - b : order.compare;
      const keyed = rows.map((row) => ({ row, value: valueOf(row, column, isNumber) }));
      keyed.sort((a, b) => {
        if (a.value === null || b.value === null) return (a.value === null) - (b.value === null);
        return isAscending ? compare(a.value, b.value) : compare(b.value, a.value);
      });
      rows = keyed.map(({ row }) => row);
      headings.forEach((other) => other.removeAttribute("aria-sort"));
      heading.setAttribute("aria-sort", isAscending ? "ascending" : "descending");
      show();
    };
    headings.forEach((heading, column) => {
      const button = heading.querySelector("button");
      button.disabled = false;
      button.addEventListener("click", () => sortBy(column));
    });
    filter.addEventListener("input", show);
    more.addEventListener("click", () => {
      limit = Infinity;
      show();
      filter.focus();
    });
    show();

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
      each(`#curves [data-link="#${box.dataset.curve}"]`, (line) => line.classList.toggle("off", !box.checked));
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
        ? `Keys that differ: ${rows.length}`
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
