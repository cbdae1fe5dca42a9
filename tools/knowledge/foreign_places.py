"""Names of countries in other languages, from CLDR by way of PyPI Babel 2.18.0.

Writes crates/extract/data/places.tsv: a country a line, its code and its names. Names that are
spelt as in English are left out, as are those that are everyday English words. Run with a Python that has Babel:

    python3 tools/knowledge/foreign_places.py
"""

import pathlib

from babel import Locale

LANGUAGES = ["fr", "de", "es", "pt", "it", "nl", "pl", "tr", "ru", "uk", "ja", "zh", "zh_Hant", "ko", "ar", "fa"]
# Everyday words of English, or names of something else.
LEFT_OUT = {"Island", "Man", "Oman", "Reunion", "Niger", "Georgia", "Jordan", "Jersey", "Chad", "Togo", "Vietnam"}
# How people write them, where CLDR has the long form.
MORE = {
    "US": ["米国", "アメリカ", "USA", "EE.UU.", "США", "американск", "الأمريكية", "أمريكا", "آمریکا", "미국"],
    "KP": ["北朝鮮", "北韩", "北韓", "朝鲜", "КНДР", "северокорейск", "كوريا الشمالية", "북한"],
    "KR": ["韓国", "韩国", "韓國", "южнокорейск", "كوريا الجنوبية", "한국"],
    "RU": ["俄国", "俄羅斯", "РФ", "российск", "русск", "الروسية"],
    "CN": ["中华人民共和国", "КНР", "китайск", "الصينية"],
    "GB": ["英國", "британск", "Великобритания", "Great Britain"],
    "TW": ["台湾", "台灣", "臺灣"],
    "UA": ["украинск"],
    "IR": ["иранск", "الإيرانية"],
    "IL": ["израильск", "الإسرائيلية"],
    "DE": ["немецк"],
    "JP": ["японск"],
    "IN": ["индийск"],
    "BY": ["Белоруссия", "белорусск"],
    "SA": ["السعودية"],
    "AE": ["الإمارات"],
}


def main():
    english = Locale("en").territories
    rows = []
    for code in sorted(english):
        if len(code) != 2 or not code.isalpha() or code in {"EU", "EZ", "UN", "ZZ", "QO", "XA", "XB"}:
            continue
        names = []
        for language in LANGUAGES:
            name = Locale.parse(language).territories.get(code, "")
            for part in name.replace("（", "(").split("("):
                part = part.strip(" )）")
                # What stands in brackets tells two countries of one name apart.
                if "(" in name or "（" in name:
                    part = name.split("(")[0].split("（")[0].strip()
                if part and part != english[code] and part not in LEFT_OUT and len(part) > 1 and part.isprintable():
                    if not (part.isascii() and len(part) < 4):
                        names.append(part)
                break
        names += MORE.get(code, [])
        names = sorted(set(names))
        if names:
            rows.append(code + "\t" + "|".join(names))
    head = [
        "# Names of countries in other languages: code, names. Made by tools/knowledge/foreign_places.py from",
        "# Unicode CLDR (PyPI Babel 2.18.0), Unicode License v3; see NOTICE.",
    ]
    out = pathlib.Path(__file__).parents[2] / "crates/extract/data/places.tsv"
    out.write_text("\n".join(head + rows) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
