// Two runs beside each other: what was chosen differently, their numbers, and who is taken for whom.

const { runs, keys, values, places, numbers, pairs, first: shownFirst } = JSON.parse(
  document.getElementById("configurations").textContent,
);

function makeCell(kind, text, scope) {
  const made = document.createElement(kind);
  const isolated = document.createElement("bdi");
  isolated.textContent = text;
  made.append(isolated);
  if (scope) made.scope = scope;
  return made;
}

function makeRow(name, ...texts) {
  const row = document.createElement("tr");
  row.append(makeCell("th", name, "row"), ...texts.map((text) => makeCell("td", text)));
  return row;
}

function compareRuns(first, second) {
  const [one, other] = [runs[first], runs[second]];
  const choices = keys.flatMap((key, place) => {
    const [a, b] = [places[first][place], places[second][place]];
    return a === b ? [] : [makeRow(key, values[a], values[b])];
  });
  // A pair was measured one way round; the other way its difference has the other sign.
  const paired = pairs[`${first}-${second}`] ?? {};
  const measured = numbers.flatMap((name, place) =>
    one.numbers[place] === "–" && other.numbers[place] === "–"
      ? []
      : [makeRow(name, one.numbers[place], other.numbers[place], paired[place] ?? "–")],
  );
  const put = (id, text) => (document.getElementById(id).textContent = text);
  for (const [side, run] of [["a", one], ["b", other]]) {
    document.querySelectorAll(`[data-name="${side}"]`).forEach((cell) => (cell.textContent = run.name));
    const matrix = document.getElementById(`confusion-${side}`);
    matrix.tHead.rows[0].replaceChildren(
      makeCell("th", "said → / is ↓", "col"),
      ...run.classes.map((name) => makeCell("th", name, "col")),
    );
    matrix.tBodies[0].replaceChildren(
      ...run.confusion.map((row, place) => makeRow(run.classes[place], ...row)),
    );
    matrix.hidden = !run.confusion.length;
  }
  document.getElementById("difference-rows").replaceChildren(...choices);
  document.getElementById("difference-numbers").replaceChildren(...measured);
  put(
    "difference-caption",
    choices.length ? `Keys that differ: ${choices.length}` : "Nothing that was recorded of their choices differs",
  );
  put(
    "difference-pairs",
    first === second || Object.keys(paired).length
      ? ""
      : one.posts !== other.posts
      ? "They were tested on different posts: their numbers cannot be compared."
      : `These two were not measured as a pair for this page: mhc compare ${one.id} ${other.id} does.`,
  );
}

if (document.getElementById("difference") && runs.length > 1) {
  const selects = ["a", "b"].map((side) => document.getElementById(`difference-${side}`));
  const known = runs.map((run) => run.anchor);
  const before = (chosen.get("runs") ?? "").split(",").map((anchor) => known.indexOf(anchor));
  const compare = () => compareRuns(selects[0].selectedIndex, selects[1].selectedIndex);
  selects.forEach((select, place) => {
    select.append(...runs.map((run) => new Option(run.name)));
    select.selectedIndex = before[place] >= 0 ? before[place] : (shownFirst[place] ?? place);
    select.addEventListener("change", () => {
      keepInAddress("runs", selects.map((each) => known[each.selectedIndex]).join(","));
      compare();
    });
  });
  document.getElementById("difference-curves").addEventListener("click", () => {
    const wanted = selects.map((select) => known[select.selectedIndex]);
    each("[data-curve]", (box) => {
      box.checked = wanted.includes(box.dataset.curve);
      box.dispatchEvent(new Event("change"));
    });
    document.getElementById("curves").scrollIntoView();
  });
  compare();
  document.getElementById("difference").hidden = false;
  document.getElementById("difference-without").hidden = true;
}
