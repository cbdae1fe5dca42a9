"""How names are compared and which of them are everyday words."""

import gzip
import re
import unicodedata

import msgpack

# wordfreq's Zipf scale: 3 is once in a million words. At 2.75 `tick`, `play`, `hive` and `ajax` are
# everyday words, while `turla`, `emotet` and `carbanak` are not.
EVERYDAY = 2.75
EVERYDAY_PHRASE = 4.9


def key(name):
    """The comparison key of a name: as `lapwing_knowledge`'s `name_key`."""
    words = re.findall(r"[^\W_]+", unicodedata.normalize("NFC", name).lower().replace("'", ""))
    if len(words) > 1 and words[0] == "the":
        words = words[1:]
    if len(words) > 1 and words[-1] in ("group", "team", "gang"):
        words = words[:-1]
    return "".join(words)


class Words:
    """English word frequencies."""

    def __init__(self, package):
        packed = gzip.decompress(package.read("wordfreq/data/large_en.msgpack.gz"))
        header, *buckets = msgpack.unpackb(packed, raw=False)
        assert header["format"] == "cB", header
        self._zipf = {}
        for centibels, words in enumerate(buckets):
            for word in words:
                self._zipf.setdefault(word, 9 - centibels / 100)

    def zipf(self, word):
        return self._zipf.get(word.lower(), 0.0)

    def everyday(self, surface):
        """Whether a surface form may stand for something everyday."""
        words = re.findall(r"[^\W_]+", surface)
        if len(words) > 1 and words[0].lower() == "the":
            words = words[1:]
        if not words:
            return True
        if len(words) > 1:
            return all(self.zipf(w) >= EVERYDAY_PHRASE for w in words)
        word = words[0]
        if len(word) <= 3:
            return True
        if word.isalpha() and word.isupper() and len(word) <= 4:
            return True
        return word.isalpha() and self.zipf(word) >= EVERYDAY


def clean(surface):
    """A surface form without stray blanks, or None where it names nothing by itself."""
    surface = re.sub(r"\s+", " ", unicodedata.normalize("NFC", surface)).strip(" ,;\t")
    surface = re.sub(r"^Subgroup: | \((Group|group|APT)\)$", "", surface)
    if surface.startswith("Unidentified "):
        return None
    if any(c in surface for c in "\t\n|") or not 3 <= len(surface) <= 60:
        return None
    letters = sum(c.isalpha() for c in surface)
    if letters < 2 or re.fullmatch(r"[A-Fa-f0-9]{8,}", surface):
        return None
    # ATT&CK identifiers as synonyms are identifiers, not names.
    if re.fullmatch(r"[GSC]\d{4}", surface):
        return None
    return surface


def short_form(surface):
    """`Sandworm` for `Sandworm Team`: what reports call an actor for short."""
    found = re.fullmatch(r"(?:The )?(\S{5,}) (?:Group|Team|Gang)", surface)
    return found and found[1]
