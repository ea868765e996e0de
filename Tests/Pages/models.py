"""Models on pages of `charrnn export`, and whether they predict and write there what the command does."""
import json
import pathlib
import time

SMALL = ["--plain", "--hidden", "12", "--batch", "8", "--length", "16", "--steps", "60", "--learning-rate", "0.02"]
CELLS = [
    "lstm", "gru", "rnn", "rnn-relu", "gru-reset-before", "peephole-lstm", "coupled-lstm", "min-gru", "min-lstm", "mgu", "indrnn",
    "slstm"]
# Options of training by the names of the models.
MODELS = {cell: ["--cell", cell] for cell in CELLS} | {
    "normalized-lstm": ["--layer-norm"], "normalized-gru": ["--cell", "gru", "--layer-norm"],
    "projection": ["--projection", "6"], "residual": ["--layers", "3", "--residual"], "embedding": ["--embedding", "5"],
    "tied": ["--embedding", "12", "--tie", "--residual"], "learned-state": ["--learned-state", "--items"],
    "zoneout": ["--zoneout", "0.3"], "zoneout-slstm": ["--cell", "slstm", "--zoneout", "0.3"],
    "heads": ["--cell", "slstm", "--heads", "3"],
    "scalars": ["--tokens", "scalar"], "bytes": ["--tokens", "byte"], "items": ["--items"], "separator": ["--separator", "\n\n"],
    "files": ["--each-file", "--split-by", "end"]}
# Beyond 32 bits, so that both words of it count.
SEED = "12345678901"
# Differences of probabilities that roundings explain.
TOLERANCE = 1e-5


def text_of(root):
    """Characters of one scalar and of several: letters with marks, joined emoji, flags, syllables of other scripts."""
    text = (root / "corpora/fables.txt").read_text()[:12_000]
    return text.replace("ea", "\u00e9").replace("th", "e\u0301").replace("!", "\U0001f98a").replace(
        "sh", "\U0001f469\u200d\U0001f469\u200d\U0001f467").replace("ou", "\U0001f1e9\U0001f1ea\U0001f1eb\U0001f1f7").replace(
        "ck", "\u0915\u094d\u0937\u093f").replace("wn", "\u1112\u1161\u11ab").replace("ll", "\u0e01\u0e33")


def wait(tab, condition, seconds=60):
    end = time.monotonic() + seconds
    while not tab.value(condition):
        if time.monotonic() > end:
            raise RuntimeError(f"waited in vain for {condition}")
        time.sleep(0.02)


def enter(tab, text):
    """Types a text, and waits until the page has read it."""
    tab.value(
        f"area.value = {json.dumps(text)}; area.dispatchEvent(new Event('input')); 0")
    wait(tab, "!isRunning")


def write(tab, **fields):
    """Presses `Write`, and returns the whole text."""
    for name, value in fields.items():
        tab.value(f"byId({json.dumps(name.replace('_', '-'))}).value = {json.dumps(str(value))}; 0")
    tab.value("byId('write').click()")
    wait(tab, "writing === null && !isRunning")
    return tab.value("area.value")


def agreement(charrnn, browser, folder, root):
    """Yields for each model the largest difference of a probability, and what is wrong."""
    text = text_of(root)
    (folder / "text.txt").write_text(text)
    (folder / "more.txt").write_text(text[:500].upper())
    # A text with an end of a document within, and a symbol that no model knows.
    read = text[3000:4200] + "~" + text[:600] + "\n\n"
    (folder / "read.txt").write_text(read)
    for name, options in MODELS.items():
        corpora = ["text.txt", "more.txt"] if name == "files" else ["text.txt"]
        charrnn(folder, "train", *corpora, "--out", name, *SMALL, *options)
        charrnn(folder, "export", name, "--to", "html")
        words = ["score", name, "read.txt", "--json", "--unknown", "skip"]
        expected = [json.loads(line) for line in charrnn(folder, *words).splitlines()]
        tab = browser.open(folder / f"{name}.html", 820, "light")
        problems = []
        enter(tab, read)
        found = tab.value("pieces.filter(p => p.tokens.length).map(p => [p.text, p.surprise && p.surprise.bits])")
        if [text for text, _ in found] != [piece["text"] for piece in expected]:
            problems.append("its pieces are not those of score")
        differences = [abs(2 ** -a - 2 ** -piece["bits"]) for (_, a), piece in zip(found, expected) if a is not None]
        if [a is None for _, a in found] != [piece["bits"] is None for piece in expected]:
            problems.append("other pieces are predicted than by score")
        if max(differences) > TOLERANCE:
            problems.append(f"a probability differs from that of score by {max(differences):.2g}")
        shown = tab.value("pieces.filter(p => p.surprise).map(p => p.surprise.likeliest[0].probability)")
        likeliest = [piece["likeliest"][0]["probability"] for piece in expected if piece["likeliest"]]
        if max(abs(a - b) for a, b in zip(shown, likeliest)) > TOLERANCE:
            problems.append("its likeliest alternatives are not those of score")
        # An edit is read from a kept state on.
        enter(tab, read[:700] + read[705:])
        enter(tab, read)
        if tab.value("pieces.filter(p => p.tokens.length).map(p => [p.text, p.surprise && p.surprise.bits])") != found:
            problems.append("a text that was edited is read otherwise")
        has_documents = any(option in options for option in ("--items", "--separator", "--each-file"))
        for prime, top in (("" if has_documents else text[:40], []), ("", ["--top-k", "5", "--top-p", "0.9"])):
            enter(tab, prime)
            page = write(tab, length=150, temperature=0.9, seed=SEED, top_k=top[1] if top else "", top_p=top[3] if top else "")
            words = ["--length", "150", "--temperature", "0.9", "--seed", SEED, "--count", "1", *top]
            command = charrnn(folder, "sample", name, *words, *(["--prime", prime] if prime else [])).rstrip("\n")
            # The command ends with a document, and the page goes on.
            if not (page.startswith(command) if has_documents else page.rstrip("\n") == command):
                problems.append(f"it writes other text than sample does: {page!r} instead of {command!r}")
        problems += tab.complaints()
        tab.close()
        yield name, max(differences), problems
