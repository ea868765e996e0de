#!/usr/bin/env python3
"""Losses of models that count, from their definitions and with nothing but dictionaries.

    generate_count_models.py TEXT  losses on the last 5% after the first 90%, in nats a character, as JSON
    generate_count_models.py > count-models.json

Interpolated Kneser-Ney with the discounts of Chen and Goodman (1998, equation 26), and prediction by partial matching with
update exclusion, which is the same formula on counts that grow along the text. Python 3, no packages.
"""

import json
import math
import pathlib
import sys
from collections import Counter, defaultdict

FABLES = pathlib.Path(__file__).parents[2] / "corpora/fables.txt"


class Counts:
    """Counts of characters after contexts of up to `order` characters."""

    def __init__(self, order, symbols):
        self.order, self.symbols = order, symbols
        self.after = defaultdict(Counter)
        self.numbers = [Counter() for _ in range(order + 1)]

    def learn(self, text, position):
        """Counts the character at a position from the longest context down to one that it was seen after before."""
        for length in range(min(self.order, position), -1, -1):
            seen = self.after[text[position - length:position]]
            count = seen[text[position]]
            self.numbers[length][count] -= 1
            self.numbers[length][count + 1] += 1
            seen[text[position]] = count + 1
            if count:
                break

    def discounts(self, length):
        n = [self.numbers[length][count] + 1 for count in (1, 2, 3, 4)]
        y = n[0] / (n[0] + 2 * n[1])
        return [min(max(i - (i + 1) * y * n[i] / n[i - 1], 0.1), i) for i in (1, 2, 3)]

    def probability(self, context, character):
        """Of a character, by interpolation with the context that lacks the first character."""
        shorter = self.probability(context[1:], character) if context else 1 / self.symbols
        seen = self.after.get(context)
        if not seen:
            return shorter
        discounts, total = self.discounts(len(context)), sum(seen.values())
        taken = sum(discounts[min(count, 3) - 1] for count in seen.values())
        count = seen.get(character, 0)
        own = count - discounts[min(count, 3) - 1] if count else 0
        return (own + taken * shorter) / total


def loss(text, start, end, order, adapts):
    """Mean loss of the characters from `start` + 1 on, after text[:end] was learned."""
    counts = Counts(order, len(set(text)))
    for position in range(end):
        counts.learn(text, position)
    part, total = text[start:], 0.0
    for position in range(len(part)):
        if position:
            total -= math.log(counts.probability(part[max(position - order, 0):position], part[position]))
        if adapts:
            counts.learn(part, position)
    return total / (len(part) - 1)


def main():
    path = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else FABLES
    text = path.read_text(encoding="utf-8")
    end, start = len(text) * 90 // 100, len(text) * 95 // 100
    print(json.dumps({
        "uniform": math.log(len(set(text))),
        "unigram": loss(text, start, end, 0, False),
        "five_gram": loss(text, start, end, 4, False),
        "ppm": loss(text, start, end, 6, True),
    }))


if __name__ == "__main__":
    main()
