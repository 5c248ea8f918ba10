// Training curves: a box for each run, in all charts at once; smoothing and scale.

each("[data-curve]", (box) => {
  const place = () =>
    each(`#curves [data-link="#${box.dataset.curve}"]`, (line) =>
      line.classList.toggle("off", !box.checked),
    );
  box.addEventListener("change", place);
  place();
});

each("[data-looks]", (box) => {
  const curves = document.getElementById("curves");
  const place = () => curves.classList.toggle(box.dataset.looks, box.checked);
  box.addEventListener("change", place);
  place();
});
