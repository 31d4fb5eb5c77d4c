"""Writes tests/data/golden_tokens.jsonl: what every implementation of our tokenizer must give.

    python tools/make_golden_tokens.py

One case a line, fields at their default left out:

    rule        what it shows
    text, pair
    options     lower_case, strip_accents, chinese_chars, max_length, mask_tokens, truncate,
                truncation_side, added_tokens, template (see DEFAULTS), as in a file's record
    ids         in tests/data/vocab/vocab.txt
    first       how many of them have segment id 0, where others have 1
    segment_ids of each token, where the options have a template; then there is no `first`
    offsets     start and end of each token in turn, in code points of the text as given; a pair's
                are in the pair; 0, 0 for [CLS] and [SEP]; an added token has the
                white space that it takes
    truncated   true where something was cut off

The plain oracle of the tests makes them, not the package. Characters that Unicode has changed since
version 13 stay out: `edgebert.tokenizer.unicode13` tells which.
"""

from __future__ import annotations

import csv
import itertools
import json
import random
import sys
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))
from edgebert.data import read_lines  # noqa: E402
from edgebert.tokenizer.unicode13 import category  # noqa: E402
from tests.tokenizer.bert_oracle import Oracle  # noqa: E402

Case = dict[str, Any]
CASED = {"lower_case": False}
MASKS = {"mask_tokens": True}
DEFAULTS: Case = {
    "lower_case": True,
    "strip_accents": None,
    "chinese_chars": True,
    "max_length": 512,
    "mask_tokens": False,
    "truncate": "longest",
    "truncation_side": "right",
    "added_tokens": [],
    "template": None,
}

TEXTS: dict[str, list[str]] = {
    "plain": [
        "",
        "a",
        "The quick brown fox jumps over the lazy dog.",
        "unaffable",
        "it 's a charming and often affecting journey .",
        "How do I locate my card?",
        "I still haven't received my new card, I ordered over a week ago.",
        "Visit https://example.com/a_b?c=d&e=f#g or mail me@example.com",
        "3.14159 -42 1,000,000 50% 2nd 0x1F 10:45pm 2020-03-11",
        "HELLO World hElLo",
        "antidisestablishmentarianism floccinaucinihilipilification",
    ],
    "whitespace": [
        " ",
        "  a  b  ",
        "a\tb\nc\r\nd",
        "a\u00a0b\u2003c\u3000d\u202fe\u205ff\u1680g",
        "a\u2028b\u2029c",
        "\t\n\r",
    ],
    "controls are dropped": [
        "a\0b",
        "hel\u0000lo \u0001 wor\u007fld",
        "a\u000bb a\u000cb a\u001cb a\u001fb a\u0085b",
        "soft\u00adhyphen zero\u200bwidth non\u200cjoiner joi\u200dner",
        "\ufeffbyte order mark",
        "left\u200eright\u200f \u202aembedded\u202c \u2066isolated\u2069",
        "replacement \ufffd character\ufffds",
        "\u0000\ufffd\u200b",
        "word\u2060joiner tag\U000e0041s",
    ],
    "accents": [
        "Crème brûlée costs €5, isn't it?",
        "Ångström, naïve, São Paulo, Łódź, Øresund, Đakovo, Škoda, İstanbul, ılık",
        "cafe\u0301 e\u0301\u0302\u0323 \u0301a",
        "Zoë's résumé: déjà-vu",
        "Tiếng Việt: Nguyễn, Đặng, Trần",
        "ñandú Ñandú NIÑO",
        "\u0301",
        ".\u0301.",
        "o\u0323\u0302 o\u0302\u0323 \u1ed9",
        "\u0344a a\u0344",
    ],
    "case": [
        "Straße STRASSE ẞ ß",
        "ΟΔΟΣ οδος ΣΑΣ Σ ΣΣ. ΑΣ'Α ΑΣ\u0301 ΑΣ\u00adΑ",
        "Ελλάδα Ἀθῆναι",
        "МОСКВА Ёлка Йод Їжак",
        "\u212a \u212b \u2126",
        "ﬁne oﬃce ﬀ",
        "Ⅷ Ⓐ Ａｂｃ",
        "Ǆ ǅ ǆ",
    ],
    "punctuation": [
        "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~",
        "“curly” ‘quotes’ — em–dash… «guillemets» ‚low‛",
        "¿Qué? ¡Sí! §5 ¶ · 5€ £3 ¥2 ¢1 © ® ™ ° ± × ÷",
        "3\u00d74 a\u2212b x\u2192y",
        "semi\u037ecolon \u1fef grave",
        "、。「日本」・〜！？（全角）",
        "don't can\u2019t rock'n'roll",
        "a.b.c...d",
        "$100 a^b a`b ~x <tag> a=b a+b a|b",
        "\u2014\u2014",
        "؟ ، ؛ । ॥ ၊ ። ʼ ˈ",
    ],
    "special tokens are text": [
        "[CLS] a [SEP] b [PAD] [UNK] [MASK]",
        "[MASK]",
        "a[SEP]b",
        "##ing ##able [unused1]",
    ],
    "Chinese characters": [
        "東京 is the capital of Japan",
        "我喜欢机器学习。",
        "中a文b字",
        "㐀䶿 一鿿 豈 更\ufa0e",
        "\U00020000\U0002a6df \U0002a700\U0002b73f \U0002b740\U0002b81f",
        "\U0002b820\U0002b91f\U0002b920\U0002ceaf \U0002f800",
        "東\u0301京 東\ufe0e 葛\U000e0100城",
        "〇 々 〆",
    ],
    "kana and hangul": [
        "ひらがな カタカナ ガギグ ｶﾞ ー",
        "한국어 가나다 각",
        "\u1112\u1161\u11ab \u3131",
        "か\u3099 ハ\u309a",
    ],
    "emoji": [
        "I love it 😀👍",
        "👍🏽 👩‍🚀 👨‍👩‍👧‍👦 🏳️‍🌈 🇳🇱",
        "1️⃣ ☺️ ❤️ ☺",
        "good😀bad",
        "😀" * 101,
    ],
    "Indic, Thai, Arabic, Hebrew": [
        "नमस्ते दुनिया हिन्दी में",
        "বাংলা ভাষা தமிழ் తెలుగు ಕನ್ನಡ",
        "สวัสดีครับ กำลัง น้ำ",
        "مَرْحَبًا بالعالم ١٢٣ ـ",
        "שָׁלוֹם עולם",
        "བོད་སྐད ខ្មែរ မြန်မာ",
        "አማርኛ ქართული ՀԱՅ",
    ],
    "odd marks and code points": [
        "a\u20dd b\u0488",
        "\u302e가\u302f\u0301나",
        "\U0001d15e \U0001d165\U0001d16d",
        "\ue000 private a\uf8ffb \U000f0000",
        "noncharacter \uffff a\ufdd0b",
        "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𝐁𝐨𝐥𝐝 𝟙𝟚",
        "½ ¾ x² H₂O №5 ℃",
    ],
    "long words": [
        "a" * 99,
        "a" * 100,
        "a" * 101,
        "é" * 100 + " " + "é" * 101,
        "e\u0301" * 100,
        "e\u0301" * 101,
        "x" * 50 + "-" + "x" * 51,
        "ß" * 101,
        "a" * 100 + "中" + "a" * 101,
    ],
}  # fmt: skip

PAIRS = [
    ("A man is playing a guitar.", "A man plays the guitar."),
    ("a", ""),
    ("", "b"),
    ("", ""),
    ("東京", "Crème brûlée"),
    ("Where is my card?", "Your card [SEP] is on its way."),
]
TRICKY = (
    "aAbBeEzZ019 .,-'[]#$\t\n\0\x0b\x1c\x85\xa0\xad\u2003\u2028\u3000\u200b\u200d\ufe0f\ufeff\ufffd"
    "éÉñÅßẞİıſﬁÀǅ\u212aΑΣσςΏЖйЁ\u0301\u0308\u0323\u0327\u0344\u0345\u0360\u1abf\u20d0\u302a"
    "東京龍豈一カガハ゛ﾊﾞ한글각각กำนัहिंদেעִבָِّي〮\U0001d15e\U0001d165\U0001d16d😀👩🏽🚀🇳🇱€£“”—…§·;"
    "\U00020000\U0002b820\U0002f800\U00010400\U0001e900𝔄\ue000\U000e0001"
)
CUT_TEXTS = ["a b c d e f g h", "unaffable unaffable", "one", "é è ê ë ē"]
LENGTHS = [5, 6, 7, 8, 10]

# Ids of unused lines of the vocabulary, or of the piece itself where it is one.
FLAGS = ("lstrip", "rstrip", "single_word", "normalized")
MARKER_SETS: list[list[Case]] = [
    [{"content": "[unused0]", "id": 1}, {"content": "[unused1]", "id": 2}],
    *(
        [{"content": "[E1]", "id": 5, "lstrip": a, "rstrip": b, "single_word": c, "normalized": d}]
        for a, b, c, d in itertools.product((False, True), repeat=4)
    ),
    [{"content": "<url>", "id": 6}, {"content": "<URL>", "id": 7, "normalized": True}],
    [{"content": "Größe", "id": 8, "normalized": True}, {"content": "<a", "id": 9, "lstrip": True}],
    [{"content": "<", "id": 10}, {"content": "<a>", "id": 11}, {"content": "a><", "id": 12}],
    [{"content": "東京", "id": 13, "normalized": True, "rstrip": True}],
    [{"content": "[MASK]s", "id": 14}, {"content": "[SEP]!", "id": 15, "rstrip": True}],
    [{"content": "card", "id": 4003}, {"content": "new", "id": 2047, "single_word": True}],
    [
        {"content": "card", "id": 4003, "normalized": True, "single_word": True},
        {"content": "un", "id": 4895, "word_piece": True, "single_word": True},
    ],
]
MARKED_TEXTS = [
    "[unused0] a [unused1]b[unused0][unused0]  c",
    "[E1] Where [E1]is[E1] my  [E1]  card[E1]? é[E1]ß _[E1]_ ([E1])",
    "[e1] [E1]\u3000[E1]\x1c[E1]\u00ad[E1] [E\u03011]",
    "see <url> or <Url>, <URL> <url <urls>",
    "größe GRÖSSE Größe grosse gro\u0308ße <a <A  <a>< a><a",
    "東京 中 東京中 東 京",
    "[MASK] [MASK]s [SEP]! [SEP] [CLS]",
    "Cards: newcards, card NEW new_card news new card. unaffable UN un",
    "",
]

SINGLE = ("[CLS] text [SEP]", "0 0 0")
TEMPLATES: list[Case] = [  # (tokens, segments) of a text, and of a pair
    {"single": ("text", "0"), "pair": ("text text", "0 1")},
    {"single": SINGLE, "pair": ("[CLS] text [SEP] text [SEP]", "0 0 0 0 0")},
    {"single": ("[CLS] text", "0 0"), "pair": ("[CLS] text [SEP] text", "0 0 1 1")},
    {"single": ("text [SEP] [CLS]", "0 0 1"), "pair": ("text [SEP] text [SEP] [CLS]", "0 0 1 1 0")},
    {"single": ("[CLS] text [SEP]", "1 1 1"), "pair": ("[CLS] text [SEP] [SEP] text", "0 1 0 1 0")},
    {"single": ("[CLS] [unused2] text [SEP]", "0 0 0 0"), "pair": ("text text", "0 0")},
]


def cases() -> list[Case]:
    """Everything but the results."""
    every = [case(rule, text) for rule, texts in TEXTS.items() for text in texts]
    for options in (CASED, CASED | {"strip_accents": True}, {"strip_accents": False}):
        every += [
            case(f"{rule}, other options", text, options=options)
            for rule in ("accents", "case", "odd marks and code points")
            for text in TEXTS[rule]
        ]
    every += [
        case("Chinese characters left alone", text, options={"chinese_chars": False})
        for text in TEXTS["Chinese characters"]
    ]
    every += [case("pairs", first, second) for first, second in PAIRS]
    every += [
        case("a long text loses its end", text, options={"max_length": length})
        for text in CUT_TEXTS
        for length in (3, 4, *LENGTHS)
    ]
    every += [
        case("the longer text of a pair gives way", first, second, {"max_length": length})
        for first, second in itertools.product(CUT_TEXTS, CUT_TEXTS)
        for length in LENGTHS
    ]
    every += [
        case(f"the {name} text of a pair gives way", first, second, options)
        for name in ("first", "second")
        for first, second in itertools.product(CUT_TEXTS, CUT_TEXTS)
        for options in ({"max_length": length, "truncate": name} for length in (5, 7, 10))
    ]
    masked = ["The capital of France is [MASK].", "[MASK][MASK] a[MASK]b", "[mask] [SEP]", "[MASK"]
    every += [case("mask tokens when asked for", text, options=MASKS) for text in masked]
    every.append(case("mask tokens when asked for", "[MASK] a", "b [MASK]", MASKS))
    return every


def more_cases(vocabulary: list[str]) -> Iterator[Case]:
    """What checkpoints of transformers may ask for beside."""
    for tokens, text in itertools.product(MARKER_SETS, MARKED_TEXTS):
        added = {"added_tokens": [{k: v for k, v in each.items() if v} for each in tokens]}
        if any(each["content"].lower()[:2] in text.lower() for each in tokens):
            yield case("added tokens", text, options=added)
            yield case("added tokens, cased", text, options=added | CASED)
    masked = {"added_tokens": MARKER_SETS[1] + MARKER_SETS[-3], "mask_tokens": True}
    yield case("added tokens and masks", "[MASK] [MASK]s[E1] [MASK]", "[E1] [mask]", masked)
    for first, second in itertools.product(CUT_TEXTS, [None, *CUT_TEXTS]):
        for length, how in itertools.product((5, 7, 10), ("longest", "first", "second")):
            options = {"max_length": length, "truncate": how, "truncation_side": "left"}
            if second is not None or how == "longest":
                yield case("a long text loses its start", first, second, options)
    for named in TEMPLATES:
        template = {name: places(vocabulary, *parts) for name, parts in named.items()}
        for side, length in (("right", 512), ("right", 8), ("left", 8)):
            options = {"template": template, "max_length": length, "truncation_side": side}
            yield case("templates", "a b c d e f g h i", options=options)
            yield case("templates", "a b c d e", "é f g h", options)
            yield case("templates", "a", "", options)


def places(vocabulary: list[str], tokens: str, segments: str) -> list[Case]:
    """A template as a record has it."""
    return [
        {"token": None if name == "text" else vocabulary.index(name), "segment": int(segment)}
        for name, segment in zip(tokens.split(), segments.split(), strict=True)
    ]


def case(rule: str, text: str, pair: str | None = None, options: Case | None = None) -> Case:
    return {"rule": rule, "text": text, "pair": pair, "options": options or {}}


def samples(draw: random.Random) -> Iterator[Case]:
    """Every block of Unicode, random texts, real sentences, and both as pairs that are cut."""
    for text in block_texts(draw):
        yield case("every block", text)
    randoms = [random_text(draw) for _ in range(1500)]
    yield from (case("random texts", text) for text in randoms)
    for text in randoms[:200]:
        options = {"lower_case": draw.random() < 0.3, "strip_accents": draw.random() < 0.5}
        yield case("random texts, other options", text, options=options)
    sentences = real_sentences(draw)
    yield from (case("real sentences", text) for text in sentences)
    for first, second in zip(sentences[::2], sentences[1::2] + randoms, strict=False):
        how = draw.choice(["longest", "first", "second"])
        options = {"max_length": draw.randrange(5, 40), "truncate": how}
        yield case("sampled pairs", first, second, options)


def block_texts(draw: random.Random) -> Iterator[str]:
    """A character of each 16 in a row, which no block is smaller than; of plane 2, of each 512."""
    for start in range(0, 0x110000, 128):
        if start in range(0x20000, 0x30000) and start % 4096:
            continue
        chars = []
        for row in range(start, start + 128, 16):
            known = [chr(code) for code in range(row, row + 16) if is_settled(chr(code))]
            if known:
                chars.append(draw.choice(known))
        if chars:
            yield " ".join(f"{char} A{char}b" for char in chars)


def is_settled(char: str) -> bool:
    """Assigned, no private code, and as in Unicode 13."""
    settled = unicodedata.category(char) not in ("Cn", "Cs", "Co")
    return settled and category(char) == unicodedata.category(char)


def random_text(draw: random.Random) -> str:
    """Up to 24 characters that tokenizers stumble over."""
    return "".join(draw.choice(TRICKY) for _ in range(draw.randrange(25)))


def real_sentences(draw: random.Random) -> list[str]:
    """English sentences and BANKING77's test questions (see edgebert/data and tests/data)."""
    with (ROOT / "tests/data/banking77/test.csv").open(encoding="utf-8", newline="") as file:
        questions = [row["text"] for row in csv.DictReader(file)]
    return draw.sample(read_lines("sentences.txt"), 350) + draw.sample(questions, 350)


def solve(case: Case, vocabulary: list[str]) -> Case:
    options = DEFAULTS | case["options"]
    arguments = {name: options.pop(name) for name in ("max_length", "mask_tokens", "truncate")}
    ids, segment_ids, offsets, truncated = Oracle(vocabulary, **options).encode(
        case["text"], case["pair"], **arguments
    )
    solved = {name: value for name, value in case.items() if value not in (None, {})} | {"ids": ids}
    if options["template"] is not None:
        solved["segment_ids"] = segment_ids
    elif case["pair"] is not None:
        solved["first"] = segment_ids.count(0)
    solved["offsets"] = [at for span in offsets for at in span]
    return solved | ({"truncated": True} if truncated else {})


def main() -> None:
    vocabulary = (ROOT / "tests/data/vocab/vocab.txt").read_text(encoding="utf-8").splitlines()
    every = itertools.chain(cases(), more_cases(vocabulary), samples(random.Random(0)))  # noqa: S311
    lines = [json.dumps(solve(case, vocabulary), separators=(",", ":")) + "\n" for case in every]
    path = ROOT / "tests/data/golden_tokens.jsonl"
    path.write_text("".join(lines), encoding="utf-8")
    print(f"{path}: {len(lines)} cases")


if __name__ == "__main__":
    main()
