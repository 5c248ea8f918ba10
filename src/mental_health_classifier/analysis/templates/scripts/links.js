// A number leads to its run, whose section is opened.

const openTarget = () => {
  const target = document.getElementById(location.hash.slice(1));
  if (target instanceof HTMLDetailsElement) {
    target.open = true;
    target.scrollIntoView();
    target.querySelector("summary").focus({ preventScroll: true });
  }
};
addEventListener("hashchange", openTarget);
each('a[href^="#run-"]', (link) =>
  link.addEventListener("click", () => {
    // A second click on the number that was followed last changes no address.
    if (link.hash === location.hash) openTarget();
  }),
);
openTarget();
