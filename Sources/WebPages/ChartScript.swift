/// JavaScript that draws line charts as SVG.
enum ChartScript {
  /// `chart(host, spec)` draws into an element of class `chart` and again whenever its width changes. `spec` has
  /// - `title`, `x` (name of the axis), `log` (whether the vertical axis is logarithmic), `digits`;
  /// - `series`: `name`, `color` (0 to 7), `points`, each `[x, y]`, or `[x, mean, lowest, highest]` of a bin;
  /// - `lines`: levels, with `name`, `color` and `value`; `marks`: events, with `x` and `label`.
  ///
  /// The values at a place show on hover, by touch, and with the arrow keys once the chart has the focus.
  static let text = #"""
    function ticks(low, high, count) {
      const raw = (high - low) / Math.max(count, 1) || 1;
      const power = 10 ** Math.floor(Math.log10(raw));
      const step = power * [1, 2, 5, 10].find(n => n * power >= raw * 0.999);
      const found = [];
      for (let n = Math.ceil(low / step - 1e-9); n * step <= high + step * 1e-9; n++) found.push(n * step);
      return found;
    }
    function logTicks(low, high) {
      const found = [];
      for (let p = Math.floor(Math.log10(low)); p <= Math.log10(high); p++)
        for (const n of [1, 2, 5]) if (n * 10 ** p >= low && n * 10 ** p <= high) found.push(n * 10 ** p);
      const whole = found.filter(v => /^1e/.test(v.toExponential(0)));
      return found.length > 7 && whole.length > 1 ? whole : found;
    }
    function chart(host, spec) {
      const lines = spec.lines || [], marks = spec.marks || [], digits = spec.digits || 4;
      const series = spec.series.filter(s => s.points.length > 0);
      const all = series.flatMap(s => s.points);
      host.replaceChildren();
      host.append(make("h3", {}, spec.title));
      if (all.length === 0) { host.append(make("p", {class: "soft"}, "Nothing measured yet.")); return; }
      const legend = make("ul", {class: "legend"});
      if (series.length + lines.length > 1) {
        for (const s of series) legend.append(make("li", {}, make("i", {class: "c" + s.color}), s.name));
        for (const l of lines) legend.append(make("li", {}, make("i", {class: "dashed c" + l.color}), l.name + " " + figure(l.value, 3)));
        host.append(legend);
      }
      const values = all.flatMap(p => p.slice(1)).concat(lines.map(l => l.value));
      const log = spec.log && Math.min(...values) > 0;
      let low = Math.min(...values), high = Math.max(...values);
      const pad = (high - low || Math.abs(high) || 1) * 0.05;
      if (log) { low /= 1.1; high *= 1.1; } else { low = low >= 0 && low < pad ? 0 : low - pad; high += pad; }
      const xs = [...new Set(all.map(p => p[0]))].sort((a, b) => a - b);
      const first = xs[0], last = xs[xs.length - 1], span = last - first || 1;
      const svg = make("svg", {tabindex: 0, role: "img", "aria-label": spec.title + "; arrow keys show values"});
      const tip = make("div", {class: "tip", hidden: "", role: "status"});
      host.append(svg, tip);
      let width = 0, height = 0, left = 0, at = -1;
      const px = x => left + (x - first) / span * (width - left - 12);
      const scaled = y => log ? Math.log(y / low) / Math.log(high / low) : (y - low) / (high - low);
      const py = y => 8 + (1 - scaled(y)) * (height - 46);
      const number = n => n.toFixed(2);
      const path = points => points.map((p, i) => (i ? "L" : "M") + number(px(p[0])) + " " + number(py(p[1]))).join("");
      function draw() {
        width = Math.max(svg.clientWidth, 200);
        height = width < 480 ? 210 : 250;
        svg.setAttribute("viewBox", "0 0 " + width + " " + height);
        svg.style.height = height + "px";
        svg.replaceChildren();
        let ys = log ? logTicks(low, high) : ticks(low, high, 5);
        if (ys.length < 2) ys = ticks(low, high, 5).filter(y => !log || y > 0);
        const names = ys.map(y => figure(y, 3));
        left = 14 + 7 * Math.max(...names.map(n => n.length));
        ys.forEach((y, i) => svg.append(
          make("line", {class: "grid", x1: left, x2: width - 12, y1: py(y), y2: py(y)}),
          make("text", {x: left - 6, y: py(y) + 4, "text-anchor": "end"}, names[i])));
        for (const x of ticks(first, last, width / 110)) {
          if (spec.x === "step" && x % 1) continue;
          const end = px(x) > width - 40 ? "end" : px(x) < left + 20 ? "start" : "middle";
          svg.append(make("text", {x: px(x), y: height - 20, "text-anchor": end}, figure(x, 6)));
        }
        svg.append(
          make("text", {x: (left + width) / 2, y: height - 4, "text-anchor": "middle"}, spec.x),
          make("line", {class: "axis", x1: left, x2: width - 12, y1: height - 38, y2: height - 38}));
        for (const m of marks) svg.append(make("line", {class: "event", x1: px(m.x), x2: px(m.x), y1: 8, y2: height - 38}));
        for (const l of lines) svg.append(make("path", {
          class: "c" + l.color, d: path([[first, l.value], [first + span, l.value]]), fill: "none", stroke: "currentColor",
          "stroke-width": 1.5, "stroke-dasharray": "5 4"}));
        for (const s of series) {
          if (s.points[0].length > 2) {
            const back = s.points.map(p => [p[0], p[2]]).reverse();
            const band = path(s.points.map(p => [p[0], p[3]]).concat(back)) + "Z";
            svg.append(make("path", {class: "c" + s.color, d: band, fill: "currentColor", "fill-opacity": 0.18}));
          }
          svg.append(make("path", {
            class: "c" + s.color, d: path(s.points), fill: "none", stroke: "currentColor", "stroke-width": 2, "stroke-linejoin": "round"}));
          if (s.points.length <= 30) for (const p of s.points)
            svg.append(make("circle", {class: "c" + s.color, cx: px(p[0]), cy: py(p[1]), r: 2.5, fill: "currentColor"}));
        }
        svg.append(make("line", {class: "cursor", x1: 0, x2: 0, y1: 8, y2: height - 38, visibility: "hidden"}));
        if (at >= 0) show(at);
      }
      function nearest(points, x) {
        let a = 0, b = points.length - 1;
        while (b - a > 1) { const m = (a + b) >> 1; if (points[m][0] <= x) a = m; else b = m; }
        return x - points[a][0] <= points[b][0] - x ? points[a] : points[b];
      }
      function show(index) {
        at = Math.min(Math.max(index, 0), xs.length - 1);
        const x = xs[at], cursor = svg.querySelector(".cursor");
        cursor.setAttribute("x1", px(x));
        cursor.setAttribute("x2", px(x));
        cursor.setAttribute("visibility", "visible");
        tip.replaceChildren(make("div", {}, spec.x + " " + x.toLocaleString("en")));
        for (const s of series) {
          if (x < s.points[0][0] || x > s.points[s.points.length - 1][0]) continue;
          const p = nearest(s.points, x);
          const range = p.length > 2 ? " (" + figure(p[2], 3) + " to " + figure(p[3], 3) + ")" : "";
          tip.append(make("div", {class: "c" + s.color}, s.name + " " + figure(p[1], digits) + range));
        }
        for (const m of marks) if (Math.abs(px(m.x) - px(x)) < 5) tip.append(make("div", {}, m.label));
        tip.hidden = false;
        const inner = svg.getBoundingClientRect(), outer = host.getBoundingClientRect();
        const place = px(x) + inner.left - outer.left;
        tip.style.left = (px(x) < width / 2 ? place + 10 : Math.max(place - tip.offsetWidth - 10, 0)) + "px";
        tip.style.top = inner.top - outer.top + 12 + "px";
      }
      function hide() {
        at = -1;
        tip.hidden = true;
        const cursor = svg.querySelector(".cursor");
        if (cursor) cursor.setAttribute("visibility", "hidden");
      }
      function point(event) {
        const x = first + (event.clientX - svg.getBoundingClientRect().left - left) / (width - left - 12) * span;
        show(xs.indexOf(nearest(xs.map(v => [v]), x)[0]));
      }
      svg.addEventListener("pointermove", point);
      svg.addEventListener("pointerdown", point);
      svg.addEventListener("pointerleave", hide);
      svg.addEventListener("blur", hide);
      svg.addEventListener("focus", () => { if (at < 0) show(xs.length - 1); });
      svg.addEventListener("keydown", event => {
        const move = {ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10, Home: -xs.length, End: xs.length}[event.key];
        if (event.key === "Escape") hide();
        if (move === undefined) return;
        event.preventDefault();
        show(at + move);
      });
      draw();
      new ResizeObserver(() => { if (svg.isConnected && Math.abs(svg.clientWidth - width) > 1) draw(); }).observe(host);
    }
    """#
}
