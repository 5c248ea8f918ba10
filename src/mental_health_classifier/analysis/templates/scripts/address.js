// What was chosen on this page is kept in its address, so that a link or a reload brings it back.

const chosen = new URLSearchParams(location.hash.includes("=") ? location.hash.slice(1) : "");

function keepInAddress(name, value) {
  if (value) chosen.set(name, value);
  else chosen.delete(name);
  const hash = chosen.toString();
  history.replaceState(null, "", hash ? `#${hash}` : location.pathname + location.search);
}
