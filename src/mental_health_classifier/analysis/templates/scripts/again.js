"use strict";

// A page that is being read stands still when it is told to, also after it was read again.
const again = document.getElementById("again");
again.checked = sessionStorage.getItem("again") !== "no";
again.addEventListener("change", () => {
  sessionStorage.setItem("again", again.checked ? "yes" : "no");
});
setInterval(() => again.checked && location.reload(), 1000 * again.dataset.seconds);
