/// JavaScript of a page on which a model reads a text and writes on.
enum ModelScript {
  /// The text of the area is cut into `pieces`. Work on them, reading what is there and then writing more, is done for some
  /// milliseconds before each frame, so that the page answers meanwhile.
  static let text = #"""
    const d = pageData, byId = id => document.getElementById(id), area = byId("input"), form = byId("form");
    const cut = makeCutter(d), predictor = makePredictor({...d, weights: byId("weights").textContent});
    // Each has its text, its tokens, and the surprise at it once it is read: the first `at` pieces are.
    const pieces = [];
    let at = 0;
    // Where the text begins: see `restart` of the predictor.
    let lead;
    // States before every so many pieces: an edit is read from there on.
    const interval = 256, states = [];
    const lines = [], texts = [];
    const view = reading(byId("text"), {
      pieces: texts, lines: lines,
      tone: i => pieces[i].tokens.length === 0 ? "unknown" : pieces[i].surprise ? surpriseTone(pieces[i].surprise.bits) : "",
      describe: i => {
        const {tokens, surprise} = pieces[i];
        if (tokens.length === 0) return ["the model does not know this " + d.kind + " and does not read it"];
        if (!surprise) return [i < at ? "the first " + d.kind + ": nothing predicts it" : "not read yet"];
        return describeSurprise(surprise.bits, surprise.likeliest.slice(0, 4).map(o => [d.names[o.token], o.probability]));
      }});

    // Shows the text anew from a piece on.
    function showFrom(piece) {
      const isEnd = k => texts[k].endsWith("\n") || texts[k] === "\r" && texts[k + 1] !== "\n";
      const line = Math.max(lines.findLastIndex(start => start <= piece), 0);
      texts.length = Math.min(texts.length, piece);
      for (const {text} of pieces.slice(texts.length)) texts.push(text);
      let start = lines[line] || 0;
      lines.length = line;
      for (let k = start; k < texts.length; k++) {
        if (k === start) lines.push(k);
        if (isEnd(k)) start = k + 1;
      }
      view.renew(line);
    }
    // Goes back to a state from which the text can be read on when it has changed from a piece on.
    function rewind(piece) {
      const hasTokens = pieces.some(piece => piece.tokens.length > 0);
      // Without a text the model writes as if a line had ended.
      const newLead = d.documentBeginning !== null ? d.documentBeginning : hasTokens ? null : d.lineEnd || 0;
      if (newLead !== lead) {
        lead = newLead;
        predictor.restart(lead);
        at = states.length = 0;
      } else if (at > piece) {
        states.length = Math.floor(piece / interval) + 1;
        at = interval * (states.length - 1);
        predictor.restore(states[states.length - 1]);
      }
    }
    function takeText() {
      stop();
      const fresh = cut(area.value);
      let same = 0;
      while (same < pieces.length && same < fresh.length && pieces[same].text === fresh[same].text) same++;
      pieces.length = same;
      for (const piece of fresh.slice(same)) pieces.push(piece);
      rewind(same);
      showFrom(same);
      run();
    }
    function keepState() {
      if (at === interval * states.length) states.push(predictor.state());
    }
    function readPiece() {
      keepState();
      pieces[at].surprise = predictor.surprise(pieces[at].tokens);
      at += 1;
    }

    // Text that is being written: how it is drawn, and how many tokens it has and is to have.
    let writing = null;
    const mask = d.kind === "byte" ? makeMask(d.symbols) : null, decoder = new TextDecoder();
    function write() {
      const number = id => byId(id).value === "" ? null : Number(byId(id).value);
      const seed = number("seed") === null ? Math.floor(Math.random() * 1e6) : number("seed");
      writing = {
        options: {temperature: number("temperature"), topK: number("top-k"), topP: number("top-p")},
        draw: randomSource(seed), seed: seed, length: number("length"), count: 0, began: performance.now()};
      byId("written").textContent = "";
      byId("stop").disabled = false;
      byId("write").disabled = true;
      run();
    }
    function stop(said) {
      if (writing === null) return;
      const {count, seed, began, options} = writing, seconds = (performance.now() - began) / 1000;
      const rate = Math.round(count / seconds);
      byId("written").textContent = said || "Wrote " + count.toLocaleString("en") + " " + d.kind + "s, "
        + rate.toLocaleString("en") + " a second" + (options.temperature > 0 ? "; seed " + seed + "." : ".");
      writing = null;
      byId("stop").disabled = true;
      byId("write").disabled = false;
    }
    // Bytes are written up to the end of a character, whose surprise is that of all of them.
    function writePiece() {
      keepState();
      const piece = {text: "", tokens: [], surprise: null}, {logits} = predictor.network;
      let utf8 = "boundary";
      do {
        if (!logits.every(Number.isFinite)) return stop("The model's predictions are not finite numbers.");
        const token = drawToken(logits, writing.options, mask && mask[utf8], writing.draw());
        const surprise = predictor.surprise([token]);
        piece.tokens.push(token);
        piece.surprise = piece.surprise ? {...piece.surprise, bits: piece.surprise.bits + surprise.bits} : surprise;
        if (mask) utf8 = nextUTF8(utf8, d.symbols[token]);
      } while (utf8 !== "boundary");
      piece.text = d.kind === "byte" ? decoder.decode(Uint8Array.from(piece.tokens, token => d.symbols[token]))
        : piece.tokens[0] === d.lineEnd ? "\n" : d.symbols[piece.tokens[0]];
      pieces.push(piece);
      at = pieces.length;
      writing.count += piece.tokens.length;
      if (writing.count >= writing.length) stop();
    }

    let isRunning = false;
    function run() {
      if (!isRunning) requestAnimationFrame(work);
      isRunning = true;
    }
    function work() {
      const end = performance.now() + 12, before = at, shown = texts.length;
      do {
        if (at < pieces.length) readPiece(); else if (writing) writePiece(); else break;
      } while (performance.now() < end);
      if (pieces.length > shown) {
        area.value = pieces.map(piece => piece.text).join("");
        area.scrollTop = area.scrollHeight;
        showFrom(shown);
      }
      view.paint(before, Math.min(at, shown));
      isRunning = at < pieces.length || writing !== null;
      if (isRunning) requestAnimationFrame(work);
      showState();
    }
    function showState() {
      byId("read").textContent = at < pieces.length ? "Reading: " + at + " of " + pieces.length + " " + d.kind + "s."
        : writing ? "Writing: " + writing.count + " of " + writing.length + " " + d.kind + "s." : summary();
      showExpected();
    }
    function summary() {
      const read = pieces.filter(piece => piece.surprise), bits = read.reduce((sum, piece) => sum + piece.surprise.bits, 0);
      const unknown = pieces.filter(piece => piece.tokens.length === 0).length;
      return (read.length > 0 ? (bits / read.length).toFixed(2) + " bits a character. " : "")
        + (unknown > 0 ? "Unknown to the model: " + unknown + "." : "");
    }
    // Shows the alternatives that the model expected where the caret is.
    function showExpected() {
      let caret = area.selectionStart, i = 0;
      while (i < pieces.length && caret > 0) caret -= pieces[i++].text.length;
      const isThere = i < pieces.length, surprise = isThere && pieces[i].surprise;
      const found = isThere ? surprise ? surprise.likeliest : [] : at === pieces.length ? predictor.expected() : [];
      byId("expected").replaceChildren(...found.map(({token, probability}) => {
        const bar = make("i", {});
        bar.style.width = percent(probability, 1);
        const isIt = isThere && token === pieces[i].tokens[0];
        return make("li", isIt ? {class: "at"} : {}, bar, make("span", {}, "\u201c" + visible(d.names[token]) + "\u201d"),
          make("span", {}, percent(probability, 1)));
      }));
    }

    area.addEventListener("input", takeText);
    for (const name of ["keyup", "pointerup", "focus"]) area.addEventListener(name, () => { if (!isRunning) showExpected(); });
    area.addEventListener("keydown", event => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
    });
    document.addEventListener("keydown", event => { if (event.key === "Escape") stop(); });
    byId("stop").addEventListener("click", () => stop());
    form.addEventListener("submit", event => {
      event.preventDefault();
      if (writing === null) write();
    });
    takeText();
    """#
}
