// Tables of runs: headings sort, a filter chooses rows, boxes choose columns, buttons pin and hide.

const MOST_ROWS = 50;
const order = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

each("table.runs", (table) => {
  const body = table.tBodies[0];
  const headings = [...table.tHead.rows[0].cells].filter((cell) => cell.tagName === "TH");
  const titles = headings.map((heading) => heading.querySelector("button").textContent.trim());
  const filter = document.querySelector(`[data-filter="${table.id}"]`);
  const count = document.querySelector(`[data-count="${table.id}"]`);
  const more = document.querySelector(`[data-more="${table.id}"]`);
  const restore = document.querySelector(`[data-restore="${table.id}"]`);
  const kept = (name) => `${table.id}.${name}`;
  const pinned = new Set((chosen.get(kept("pin")) ?? "").split(",").filter(Boolean));
  const hidden = new Set((chosen.get(kept("hide")) ?? "").split(",").filter(Boolean));
  let limit = MOST_ROWS;

  const readRow = (element) => ({
    element,
    id: element.dataset.run,
    textOf: (column) => element.cells[column].textContent.trim().toLowerCase(),
    valueOf: (column) => {
      const cell = element.cells[column];
      if (headings[column].classList.contains("right"))
        return "v" in cell.dataset ? Number(cell.dataset.v) : null;
      const text = cell.textContent.trim();
      return text === "–" ? null : text;
    },
    get words() {
      return element.textContent.toLowerCase();
    },
  });
  let rows = [...body.rows].map(readRow);

  const show = () => {
    const isWanted = parseFilter(filter.value, titles);
    const found = rows.filter((row) => !hidden.has(row.id) && (pinned.has(row.id) || isWanted(row)));
    const first = [...found].sort((a, b) => pinned.has(b.id) - pinned.has(a.id));
    // Rows that are not there cost no layout: a sort answers at once.
    const shown = first.slice(0, limit);
    body.replaceChildren(...shown.map((row) => row.element));
    for (const { element, id } of shown) {
      element.classList.toggle("pinned", pinned.has(id));
      element.querySelector("[data-pin]")?.setAttribute("aria-pressed", pinned.has(id));
    }
    const also = found.length > shown.length ? `, the first ${shown.length} shown` : "";
    const away = hidden.size ? `, ${hidden.size} hidden` : "";
    count.textContent = `${found.length} of ${rows.length} run${rows.length === 1 ? "" : "s"}${also}${away}`;
    more.hidden = found.length === shown.length;
    restore.hidden = !hidden.size && !pinned.size;
    rove();
  };

  const sortBy = (column, isAscending) => {
    const heading = headings[column];
    const isNumber = heading.classList.contains("right");
    const compare = isNumber ? (a, b) => a - b : order.compare;
    const keyed = rows.map((row) => ({ row, value: row.valueOf(column) }));
    keyed.sort((a, b) => {
      if (a.value === null || b.value === null) return (a.value === null) - (b.value === null);
      return isAscending ? compare(a.value, b.value) : compare(b.value, a.value);
    });
    rows = keyed.map(({ row }) => row);
    headings.forEach((other) => other.removeAttribute("aria-sort"));
    heading.setAttribute("aria-sort", isAscending ? "ascending" : "descending");
    show();
  };

  // Buttons of rows are one stop of the tab key; arrows lead from one to the next.
  const tools = () => [...body.querySelectorAll("[data-pin], [data-hide]")];
  const rove = (current) => {
    const all = tools();
    const stop = current ?? all.find((tool) => tool.tabIndex === 0) ?? all[0];
    all.forEach((tool) => (tool.tabIndex = tool === stop ? 0 : -1));
    return stop;
  };
  for (const { element, id } of rows) {
    const name = element.cells[0].textContent.trim();
    const cell = element.insertCell();
    cell.className = "tools";
    const button = (kind, label, sign, act) => {
      const made = document.createElement("button");
      made.type = "button";
      made.dataset[kind] = "";
      made.ariaLabel = `${label} ${name}`;
      made.title = label;
      made.textContent = sign;
      made.addEventListener("click", () => {
        const next = tools()[Math.max(0, tools().indexOf(made) - 1)];
        act();
        show();
        rove(made.isConnected ? made : next)?.focus();
      });
      cell.append(made);
    };
    button("pin", "Keep on top:", "↑", () => {
      pinned.delete(id) || pinned.add(id);
      keepInAddress(kept("pin"), [...pinned].join(","));
    });
    button("hide", "Hide:", "×", () => {
      hidden.add(id);
      keepInAddress(kept("hide"), [...hidden].join(","));
    });
  }
  table.tHead.rows[0].insertCell();
  body.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 2, ArrowUp: -2, ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const all = tools();
    const next = all[all.indexOf(event.target) + step];
    if (step && all.includes(event.target) && next) {
      event.preventDefault();
      rove(next).focus();
    }
  });

  headings.forEach((heading, column) => {
    const button = heading.querySelector("button");
    button.disabled = false;
    button.addEventListener("click", () => {
      const was = heading.getAttribute("aria-sort");
      const isAscending = was === null ? !heading.classList.contains("right") : was === "descending";
      sortBy(column, isAscending);
      keepInAddress(kept("sort"), `${isAscending ? "+" : "-"}${titles[column]}`);
    });
  });
  filter.value = chosen.get(kept("filter")) ?? "";
  filter.addEventListener("input", () => {
    keepInAddress(kept("filter"), filter.value.trim());
    show();
  });
  more.addEventListener("click", () => {
    limit = Infinity;
    show();
    filter.focus();
  });
  restore.addEventListener("click", () => {
    pinned.clear();
    hidden.clear();
    keepInAddress(kept("pin"), "");
    keepInAddress(kept("hide"), "");
    show();
    filter.focus();
  });

  const sort = chosen.get(kept("sort"));
  const column = sort ? titles.indexOf(sort.slice(1)) : -1;
  if (column >= 0) sortBy(column, sort[0] === "+");
  else show();

  each(`[data-table="${table.id}"]`, (box) => {
    const place = box.dataset.column;
    document.styleSheets[0].insertRule(`#${table.id}.hide-${place} .c${place} { display: none; }`);
    const put = () => table.classList.toggle(`hide-${place}`, !box.checked);
    box.addEventListener("change", put);
    put();
  });
});
