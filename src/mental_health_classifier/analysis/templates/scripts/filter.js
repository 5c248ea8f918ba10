// What is typed above a table: words, "seed 2", "recall > .8".

const COMPARISONS = {
  "<": (a, b) => a < b,
  "<=": (a, b) => a <= b,
  ">": (a, b) => a > b,
  ">=": (a, b) => a >= b,
  "=": (a, b) => a === b,
  "!=": (a, b) => a !== b,
};

/** Which of the titles is meant: the first that is the name, else begins with it, else has it. */
function columnCalled(name, titles) {
  const wanted = name.toLowerCase();
  const known = titles.map((title) => title.toLowerCase());
  for (const fits of [(t) => t === wanted, (t) => t.startsWith(wanted), (t) => t.includes(wanted)]) {
    const place = known.findIndex(fits);
    if (place >= 0) return place;
  }
  return -1;
}

/**
 * A test of rows, from what was typed.
 *
 * Its terms are all asked for: comparisons of a column with a number, columns with the very word
 * that they show, and other words anywhere in the row.
 */
function parseFilter(typed, titles) {
  const tests = [];
  const rest = typed.replace(
    /([\p{L}][\p{L}\d ._-]*?)\s*(<=|>=|!=|<|>|=)\s*([\d.]+)/gu,
    (all, name, sign, number) => {
      const words = name.trim().split(/\s+/);
      // Words before the name of the column are words to look for.
      for (let first = 0; first < words.length; first += 1) {
        const column = columnCalled(words.slice(first).join(" "), titles);
        if (column >= 0) {
          tests.push((row) => {
            const value = row.valueOf(column);
            return value !== null && COMPARISONS[sign](Number(value), Number(number));
          });
          return ` ${words.slice(0, first).join(" ")} `;
        }
      }
      return all;
    },
  );
  const words = rest.toLowerCase().split(/\s+/).filter((word) => word && word !== "and");
  const exact = titles.map((title) => title.toLowerCase());
  for (let place = 0; place < words.length; place += 1) {
    const column = exact.indexOf(words[place]);
    const value = words[place + 1];
    if (column >= 0 && value !== undefined) {
      tests.push((row) => row.textOf(column) === value);
      place += 1;
    } else {
      const word = words[place];
      tests.push((row) => row.words.includes(word));
    }
  }
  return (row) => tests.every((test) => test(row));
}
