#!/usr/bin/env python3
"""Opens the pages that charrnn writes in headless Chromium and checks what they show.

    python3 Tests/Pages/pages.py [--screenshots DIR]

Needs the release build and Chromium. A page is a function below that makes it and returns its path and a check of its
figures, in the list PAGES; every page is opened at each width, on a light and a dark screen. It must draw, complain of
nothing, ask the network for nothing, and fit into its width. Pages of models must predict and write what the command does.
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile
import time

import models
from browser import Browser

ROOT = pathlib.Path(__file__).resolve().parents[2]
COMMAND = ROOT / ".build/release/charrnn"
WIDTHS, SCHEMES = (390, 820, 1400), ("light", "dark")


def charrnn(folder, *words):
    done = subprocess.run([COMMAND, *words], cwd=folder, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"charrnn {' '.join(words)} ended with {done.returncode}: {done.stderr}")
    return done.stdout


def train(folder, out, hidden, steps, layers="1"):
    charrnn(
        folder, "train", str(ROOT / "corpora/fables.txt"), "--out", out, "--plain", "--layers", layers, "--hidden", hidden,
        "--steps", steps, "--validate-every", "10", "--sample-every", "60")


def metrics(folder, out):
    return [json.loads(line) for line in (folder / out / "metrics.jsonl").read_text().splitlines()]


def value(tab, name):
    """The exact value of a figure, and what is written there."""
    return tab.value(f"(n => [Number(n.dataset.value), n.textContent])(document.getElementById({json.dumps(name)}))")


def report(folder):
    train(folder, "run", hidden="16", steps="240")
    lines = metrics(folder, "run")
    measured = [line for line in lines if "validation_loss" in line]
    best = min(measured, key=lambda line: line["validation_loss"])
    test = [line for line in lines if line["event"] == "test"][-1]
    samples = [line for line in lines if line["event"] == "sample"]

    def check(tab):
        figures = {
            "best": best["validation_bits_per_character"], "best-step": best["step"],
            "test": test["test_bits_per_character"], "last-loss": measured[-1]["validation_loss"],
            "last-step": measured[-1]["step"]}
        for name, expected in figures.items():
            exact, written = value(tab, name)
            yield exact == expected, f"{name} is {exact}, not {expected}"
            digits = len(written.partition(".")[2])
            yield written == f"{expected:.{digits}f}", f"{name} reads {written}, not {expected}"
        by_step = {}
        for line in lines:
            if "train_loss" in line:
                by_step[line["step"]] = line["train_loss"]
        drawn = tab.value("pageData.curves.train_loss")
        yield drawn == [list(point) for point in by_step.items()], "the curve of the training loss is not that of the metrics"
        texts = tab.value("[...document.querySelectorAll('.sample pre')].map(n => n.textContent)")
        yield texts == [line["text"] for line in reversed(samples)], "the samples are not those of the metrics"
        marked = tab.value("[...document.querySelectorAll('.sample mark')].map(n => n.textContent)")
        yield marked == [line["copy"] for line in reversed(samples)], "the copied passages are not those of the metrics"
        yield tab.value("document.querySelectorAll('#options dt').length") > 45, "options are missing"
        lines_drawn = tab.value("document.querySelectorAll('#loss path').length")
        yield lines_drawn == 7, f"the loss chart has {lines_drawn} lines, not 2 curves, 4 baselines and the test loss"

    return folder / "run/report.html", check


def comparison(folder):
    train(folder, "small", hidden="8", steps="120")
    train(folder, "large", hidden="24", steps="120")
    charrnn(folder, "compare", "small", "large", "--html", "compared.html")

    def check(tab):
        for run in tab.value("pageData.runs"):
            measured = {line["step"]: line for line in metrics(folder, run["path"]) if "validation_loss" in line}
            expected = [[step, line["validation_bits_per_character"]] for step, line in measured.items()]
            yield run["curve"] == expected, f"the curve of {run['path']} is not that of its metrics"
        names = tab.value("[...document.querySelectorAll('#runs th')].map(n => n.textContent)")
        yield names[:3] == ["run", "hidden", "best bits"], f"the columns are {names}"
        cells = tab.value("[...document.querySelectorAll('#runs td')].map(n => n.textContent)")
        yield all(cells), "cells are empty"

    return folder / "compared.html", check


def score(folder):
    train(folder, "scored", hidden="16", steps="240")
    lines = (ROOT / "corpora/fables.txt").read_text().splitlines(keepends=True)[:120]
    (folder / "scored.txt").write_text("".join(lines))
    words = ["score", "scored", "scored.txt"]
    charrnn(folder, *words, "--html", "score.html")
    pieces = [json.loads(line) for line in charrnn(folder, *words, "--json").splitlines()]
    oddest = [json.loads(line) for line in charrnn(folder, *words, "--json", "--lines", "10").splitlines()]
    oddest = [line for line in oddest if line["oddness"] > 0]

    def check(tab):
        yield tab.value("pageData.pieces") == [piece["text"] for piece in pieces], "the pieces are not those of the text"
        bits = [None if piece["bits"] is None else round(100 * piece["bits"]) for piece in pieces]
        drawn = tab.value("pageData.bits")
        far = [n for n, (a, b) in enumerate(zip(bits, drawn)) if a != b and (a is None or b is None or abs(a - b) > 1)]
        yield len(drawn) == len(bits) and not far, f"the bits of pieces {far[:5]} are not those of --json"
        rows = tab.value("[...document.querySelectorAll('#oddest tr')].slice(1).map(r => r.cells[0].textContent)")
        yield rows == [str(line["line"]) for line in oddest], "the oddest lines are not those of --lines"
        yield from reading(tab, "".join(lines))

    return folder / "score.html", check


def neurons(folder):
    train(folder, "read", hidden="16", steps="240")
    text = (ROOT / "corpora/fables.txt").read_text()[:6000]
    (folder / "read.txt").write_text(text)
    words = ["neurons", "read", "read.txt", "--by", "line-position", "--count", "5"]
    charrnn(folder, *words, "--html", "neurons.html")
    units = json.loads(charrnn(folder, *words, "--json"))["units"]

    def check(tab):
        names = tab.value("[...document.querySelectorAll('[data-unit]')].map(n => n.textContent)")
        yield names == [unit["unit"] for unit in units], "the units are not those of --json"
        cells = tab.value("[...document.querySelectorAll('#units td[data-value]')].map(n => [Number(n.dataset.value), n.textContent])")
        expected = [value for unit in units for value in (unit["correlation"], unit["held_out"])]
        yield [cell[0] for cell in cells] == expected, "the correlations are not those of --json"
        yield all(cell[1] == f"{cell[0]:.3f}" for cell in cells), "a correlation reads otherwise than it is"
        yield from reading(tab, text)
        before = tab.value("document.querySelector('#along path').getAttribute('d')")
        tab.value("document.querySelectorAll('[data-unit]')[3].click()")
        yield tab.value("document.getElementById('shown').textContent") == names[3], "another unit is not shown when chosen"
        yield tab.value("document.querySelector('#along path').getAttribute('d')") != before, "the chart stays the same"

    return folder / "neurons.html", check


def model(folder):
    train(folder, "model", hidden="128", steps="120", layers="2")
    charrnn(folder, "export", "model", "--to", "html")
    text = (ROOT / "corpora/fables.txt").read_text()[:3000]
    rates = []

    def check(tab):
        facts = tab.value("document.querySelector('main p').textContent")
        yield "Cell lstm, 2 layers of 128 units" in facts and "validation loss" in facts, f"the facts are {facts}"
        models.enter(tab, text)
        yield from reading(tab, text)
        shares = "[...document.querySelectorAll('#expected li')].map(n => parseFloat(n.lastChild.textContent))"
        tab.value("area.focus(); area.setSelectionRange(40, 40); area.dispatchEvent(new Event('keyup')); 0")
        yield tab.value(shares) == sorted(tab.value(shares), reverse=True), "the likeliest characters are in no order"
        marked = tab.value("(n => n && n.children[1].textContent)(document.querySelector('#expected .at'))")
        yield marked in (None, f"\u201c{text[40]}\u201d"), f"{marked} is marked as the character at the caret"
        before = tab.browser.processor_seconds()
        written = models.write(tab, length=1000, seed=1)
        rates.append(round(1000 / (tab.browser.processor_seconds() - before)))
        yield len(written) == len(text) + 1000 and written.startswith(text), "it has not written 1000 characters"
        print(f"the model writes {rates[-1]} characters a second of processor time")
        # Whatever shares a core slows its processor time down too: the fastest view counts.
        yield len(rates) < len(WIDTHS) * len(SCHEMES) or max(rates) >= 500, f"it writes {rates} characters a second"
        tab.value("byId('length').value = 100000; byId('write').click()")
        models.wait(tab, f"pieces.length > {len(written)}")
        tab.value("document.dispatchEvent(new KeyboardEvent('keydown', {key: 'Escape'}))")
        models.wait(tab, "!isRunning")
        yield tab.value("byId('stop').disabled && !byId('write').disabled"), "Escape stops nothing"
        models.enter(tab, written)

    return folder / "model.html", check


def reading(tab, text):
    """Checks of a text whose characters have colours."""
    shown = tab.value("[...document.querySelectorAll('#text .words')].map(n => n.textContent)")
    yield "\n".join(shown).replace("\u21b5", "") == text.rstrip("\n"), "the text is not the one that was read"
    tab.value("document.getElementById('text').scrollIntoView()")
    for _ in range(50):
        if tab.value("document.querySelectorAll('#text [data-i]').length") > 20:
            break
        time.sleep(0.1)
    yield tab.value("document.querySelectorAll('#text [data-i]').length") > 20, "no characters are drawn"
    colours = "document.querySelectorAll('#text [class^=r], #text [class^=b]').length"
    yield tab.value(colours) > 5, "no character has a colour"
    tab.value("document.getElementById('text').focus()")
    for key in ("ArrowRight", "ArrowRight", "ArrowLeft"):
        tab.value(f"document.getElementById('text').dispatchEvent(new KeyboardEvent('keydown', {{key: '{key}'}}))")
    yield not tab.value("document.querySelector('#text .tip').hidden"), "nothing shows by keyboard"
    inside = tab.value(
        "(t => t.left >= -1 && t.right <= innerWidth + 1)(document.querySelector('#text .tip').getBoundingClientRect())")
    yield inside, "what shows by keyboard is outside of the page"
    tab.point_at("#text [data-i]")
    yield not tab.value("document.querySelector('#text .tip').hidden"), "nothing shows where the pointer is"


PAGES = [report, comparison, score, neurons, model]
WITHOUT_CHARTS = [model]

# For each chart: its curves, points that are not finite, labels that overlap, and what the keyboard shows.
DRAWN = """
[...document.querySelectorAll('.chart')].map(chart => {
  const paths = [...chart.querySelectorAll('path')].map(path => path.getAttribute('d'));
  const boxes = [...chart.querySelectorAll('svg text')].map(text => text.getBoundingClientRect());
  const overlaps = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
  const svg = chart.querySelector('svg');
  svg.focus();
  const tip = chart.querySelector('.tip'), inside = tip.getBoundingClientRect(), frame = chart.getBoundingClientRect();
  const shown = !tip.hidden && /[0-9]/.test(tip.textContent);
  svg.blur();
  return {
    id: chart.id, paths: paths.length, bad: paths.filter(d => !/^M[-0-9. LMZ]+$/.test(d)),
    overlaps: boxes.filter((a, i) => boxes.some((b, j) => i < j && overlaps(a, b))).length, shown: shown,
    outside: inside.left < frame.left - 1 || inside.right > frame.right + 1
      || inside.top < frame.top || inside.bottom > frame.bottom};
})
"""


def problems(tab, check, has_charts):
    yield from tab.complaints()
    width = tab.value("document.documentElement.scrollWidth")
    if width > tab.width:
        yield f"it is {width} wide"
    charts = tab.value(DRAWN)
    if has_charts and not charts:
        yield "it has no chart"
    for chart in charts:
        name = chart["id"]
        if not chart["paths"]:
            yield f"{name} draws nothing"
        if chart["bad"]:
            yield f"{name} has points that are not finite: {chart['bad'][0][:80]}"
        if chart["overlaps"]:
            yield f"{name} has labels that overlap: {chart['overlaps']}"
        if not chart["shown"]:
            yield f"{name} shows no values by keyboard"
        if chart["outside"]:
            yield f"{name} shows values outside of itself"
        tab.point_at(f"#{name} svg")
        if tab.value(f"document.querySelector('#{name} .tip').hidden"):
            yield f"{name} shows no values where the pointer is"
    for holds, otherwise in check(tab):
        if not holds:
            yield otherwise
    yield from tab.complaints()


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--screenshots", type=pathlib.Path, metavar="DIR", help="keep a picture of each page")
    folder_of_pictures = options.parse_args().screenshots
    if folder_of_pictures:
        folder_of_pictures.mkdir(parents=True, exist_ok=True)
    found, opened = [], 0
    with tempfile.TemporaryDirectory() as folder, Browser() as browser:
        for make in PAGES:
            path, check = make(pathlib.Path(folder))
            for width in WIDTHS:
                for scheme in SCHEMES:
                    tab = browser.open(path, width, scheme)
                    opened += 1
                    name = f"{make.__name__}-{width}-{scheme}"
                    found += [f"{name}: {problem}" for problem in dict.fromkeys(problems(tab, check, make not in WITHOUT_CHARTS))]
                    if folder_of_pictures:
                        tab.screenshot(folder_of_pictures / f"{name}.png")
                    tab.close()
        for name, difference, problems_of_model in models.agreement(charrnn, browser, pathlib.Path(folder), ROOT):
            print(f"{name}: probabilities differ by {difference:.1e} at most")
            found += [f"{name}: {problem}" for problem in problems_of_model]
    for problem in found:
        print(problem)
    print(f"{opened} views of {len(PAGES)} pages, {len(found)} problems")
    return 1 if found or not opened else 0


if __name__ == "__main__":
    sys.exit(main())
