// What only works with scripts appears; what need not be reached by keyboard is left out.

each(".controls", (controls) => (controls.hidden = false));

const wide = matchMedia("(min-width: 68rem)");
const contents = document.querySelector(".contents details");
const unfold = () => (contents.open = wide.matches);
wide.addEventListener("change", unfold);
unfold();

// A table that fits has nothing to scroll to.
const watched = new ResizeObserver((entries) => {
  for (const { target } of entries)
    target.tabIndex = target.scrollWidth > target.clientWidth + 1 ? 0 : -1;
});
each(".scroll", (box) => watched.observe(box));
