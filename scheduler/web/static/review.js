// Comfort only: the page does all without it. In the list ↑ and ↓ go from mail to mail; on an item they go from field to
// field, and Ctrl+Enter passes it.
"use strict";
(function () {
  const stops = Array.from(document.querySelectorAll(".review-list a, .review-fields input, .review-fields select, .review-fields textarea"));
  function isText(element) {
    return element.tagName === "SELECT" || (element.tagName === "TEXTAREA" && element.value !== "");
  }
  document.addEventListener("keydown", function (event) {
    if (event.altKey || event.metaKey || event.isComposing) { return; } // Chinese is typed with ↑ ↓ and Enter
    const at = stops.indexOf(document.activeElement);
    if (event.ctrlKey && event.key === "Enter") {
      const accept = document.getElementById("accept");
      if (accept) { event.preventDefault(); accept.click(); }
      return;
    }
    if (event.ctrlKey || event.shiftKey || (event.key !== "ArrowDown" && event.key !== "ArrowUp")) { return; }
    if (at >= 0 && isText(stops[at])) { return; } // there the arrows have work of their own
    if (at < 0 && document.activeElement !== document.body) { return; }
    const next = stops[event.key === "ArrowDown" ? at + 1 : Math.max(at - 1, 0)];
    if (next) { event.preventDefault(); next.focus(); }
  });
})();
