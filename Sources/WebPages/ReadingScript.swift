/// JavaScript that shows a text whose pieces have colours, and what is known of each on hover, by touch and with the arrow keys.
enum ReadingScript {
  /// `reading(host, spec)` fills an element of class `reading`. `spec` has
  /// - `pieces` (texts) and `lines` (index of the first piece of each);
  /// - `tone(i)`: class of piece i, empty for none;
  /// - `describe(i)`: lines to show for piece i.
  ///
  /// Lines become elements of their own for each piece only when they come near the screen. The object that it returns has
  /// - `paint(first, end)`: colours these pieces anew, all by default;
  /// - `renew(line)`: shows the text anew from a line on, after `pieces` and `lines` have changed.
  ///
  /// `surpriseTone(bits)` and `describeSurprise(bits, expected)` are tone and lines of a surprise, where `expected` are names of
  /// symbols and their probabilities.
  static let text = #"""
    function reading(host, spec) {
      const tip = make("div", {class: "tip", hidden: "", role: "status"});
      const rows = [];
      let at = -1;
      const glyph = text => /[\n\r]$/.test(text) ? "\u21b5" : visible(text);
      host.replaceChildren(tip);
      host.setAttribute("tabindex", 0);
      function addRow(n) {
        const first = spec.lines[n], end = n + 1 < spec.lines.length ? spec.lines[n + 1] : spec.pieces.length;
        const words = make("span", {class: "words", dir: "auto"}, spec.pieces.slice(first, end).map(glyph).join(""));
        const line = make(
          "div", {class: "line", "data-n": n}, make("span", {class: "number", "aria-hidden": "true"}, String(spec.numbers ? spec.numbers[n] : n + 1)), words);
        rows.push({first: first, end: end, line: line, words: words, filled: false});
        tip.before(line);
        watcher.observe(line);
      }
      function fill(row) {
        row.words.replaceChildren();
        for (let i = row.first; i < row.end; i++)
          row.words.append(make("span", {class: spec.tone(i), "data-i": i}, glyph(spec.pieces[i])));
        row.filled = true;
      }
      const rowOf = i => {
        let a = 0, b = rows.length - 1;
        while (a < b) { const m = (a + b + 1) >> 1; if (rows[m].first <= i) a = m; else b = m - 1; }
        return rows[a];
      };
      const watcher = new IntersectionObserver(entries => {
        for (const entry of entries) {
          if (!entry.isIntersecting) continue;
          const row = rows[Number(entry.target.dataset.n)];
          if (!row.filled) fill(row);
          watcher.unobserve(entry.target);
        }
      }, {rootMargin: "800px"});
      function show(i, scrolls) {
        const row = rowOf(i);
        if (!row.filled) fill(row);
        const span = row.words.children[i - row.first];
        if (at >= 0) hide();
        at = i;
        span.classList.add("at");
        tip.replaceChildren(...spec.describe(i).map(text => make("div", {}, text)));
        tip.hidden = false;
        if (scrolls) span.scrollIntoView({block: "nearest"});
        const inner = span.getBoundingClientRect(), outer = host.getBoundingClientRect();
        const room = host.clientWidth - tip.offsetWidth - 4;
        tip.style.left = Math.max(Math.min(inner.left - outer.left, room), 0) + "px";
        tip.style.top = inner.bottom - outer.top + host.scrollTop + 6 + "px";
      }
      function hide() {
        if (at < 0) return;
        const row = rowOf(at), span = row.filled && row.words.children[at - row.first];
        if (span) span.classList.remove("at");
        tip.hidden = true;
        at = -1;
      }
      const point = event => {
        const span = event.target.closest("[data-i]");
        if (span) show(Number(span.dataset.i), false);
      };
      host.addEventListener("pointermove", point);
      host.addEventListener("pointerdown", point);
      host.addEventListener("pointerleave", hide);
      host.addEventListener("blur", hide);
      host.addEventListener("keydown", event => {
        const move = {ArrowLeft: -1, ArrowRight: 1}[event.key];
        if (event.key === "Escape") hide();
        if (move === undefined || rows.length === 0) return;
        event.preventDefault();
        show(Math.min(Math.max(at + move, 0), spec.pieces.length - 1), true);
      });
      function renew(line) {
        const old = rows.splice(line);
        if (old.length > 0 && at >= old[0].first) {
          tip.hidden = true;
          at = -1;
        }
        for (const row of old) {
          watcher.unobserve(row.line);
          row.line.remove();
        }
        for (let n = line; n < spec.lines.length; n++) addRow(n);
        // A line that grows keeps its colours.
        if (old.length > 0 && old[0].filled && rows.length > line) fill(rows[line]);
      }
      renew(0);
      return {
        renew: renew,
        paint(first = 0, end = Infinity) {
          if (at >= first && at < end) hide();
          for (const row of rows) if (row.filled && row.first < end && row.end > first) fill(row);
        },
      };
    }
    const surpriseTone = bits => bits >= 2 ? "r" + Math.min(Math.floor(bits / 2), 5) : "";
    const percent = (probability, digits) => (100 * probability).toFixed(digits) + "%";
    function describeSurprise(bits, expected) {
      const others = expected.map(([name, probability]) => "\u201c" + visible(name) + "\u201d " + percent(probability, 1));
      return [
        bits.toFixed(2) + " bits, probability " + figure(100 * 2 ** -bits, 3) + "%", "expected: " + others.join(", ")];
    }
    """#

  /// Meaning of the colours of a surprise.
  static let legend: Markup = """
    The darker, the less the model expected it:
    <span class="r1">2 bits</span> <span class="r2">4</span> <span class="r3">6</span> <span class="r4">8</span>
    <span class="r5">10 or more</span>. Point at a character, or use the arrow keys.
    """
}
