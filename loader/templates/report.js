(function () {
  document.documentElement.classList.add("js");
  var box = document.getElementById("filter-text");
  var picks = [].slice.call(document.querySelectorAll("[data-pick]"));
  var groups = [].slice.call(document.querySelectorAll("[data-group]"));
  var said = document.getElementById("filter-said");
  function apply() {
    var words = (box && box.value || "").toLowerCase().split(/\s+/).filter(Boolean);
    var on = {};
    picks.forEach(function (p) { on[p.value] = p.checked; });
    var shown = 0;
    groups.forEach(function (g) {
      var rows = [].slice.call(g.querySelectorAll("[data-row]"));
      var head = g.querySelector("summary");
      var allowed = on[g.getAttribute("data-group")] !== false;
      var headHit = words.length && head && words.every(function (w) { return head.textContent.toLowerCase().indexOf(w) >= 0; });
      var hits = 0;
      rows.forEach(function (r) {
        var k = r.getAttribute("data-row");
        var text = r.textContent.toLowerCase();
        var hit = on[k] !== false && (headHit || words.every(function (w) { return text.indexOf(w) >= 0; }));
        r.hidden = !hit;
        if (hit) hits++;
      });
      g.hidden = !allowed || (hits === 0 && rows.length > 0);
      if (!g.hidden) shown += hits;
      if (words.length && !g.hidden && "open" in g) g.open = true;
    });
    if (said) said.textContent = shown + " shown";
  }
  if (box) box.addEventListener("input", apply);
  picks.forEach(function (p) { p.addEventListener("change", apply); });
  function reveal() {
    var t = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    for (; t; t = t.parentElement) if (t.tagName === "DETAILS") t.open = true;
  }
  window.addEventListener("hashchange", reveal);
  reveal();
  window.addEventListener("beforeprint", function () {
    [].forEach.call(document.querySelectorAll("details"), function (d) { d.open = true; });
  });
})();
