"""The tokenizer of the original BERT, written plainly from its description.

Slow, one character at a time, sharing nothing with `edgebert.tokenizer`. It makes the golden
vectors (`tools/fixtures/make_golden_tokens.py`) and is what the tests compare with. It runs on the
standard library alone.

Each character travels as a triple (character, start, end) of itself and the stretch of the text it
came from.
"""

import unicodedata

CHINESE_BLOCKS = [
    range(0x4E00, 0xA000),
    range(0x3400, 0x4DC0),
    range(0x20000, 0x2A6E0),
    range(0x2A700, 0x2B740),
    range(0x2B740, 0x2B820),
    range(0x2B820, 0x2CEB0),
    range(0xF900, 0xFB00),
    range(0x2F800, 0x2FA20),
]
CIRCLED_LETTERS = [
    range(0x24B6, 0x24EA),
    range(0x1F130, 0x1F14A),
    range(0x1F150, 0x1F16A),
    range(0x1F170, 0x1F18A),
]


class Oracle:
    def __init__(
        self,
        vocabulary,
        lower_case=True,
        strip_accents=None,
        chinese_chars=True,
        truncation_side="right",
        added_tokens=(),
        template=None,
    ):
        self.names = list(vocabulary)
        self.vocabulary = {piece: index for index, piece in enumerate(vocabulary)}
        self.lower_case = lower_case
        self.strip_accents = lower_case if strip_accents is None else strip_accents
        self.chinese_chars = chinese_chars
        self.truncation_side = truncation_side
        self.added_tokens = added_tokens
        for token in added_tokens:
            if not token.get("word_piece"):
                self.vocabulary.pop(vocabulary[token["id"]], None)
        self.template = template or {
            "single": self.places("[CLS] text [SEP]", "0 0 0"),
            "pair": self.places("[CLS] text [SEP] text [SEP]", "0 0 0 1 1"),
        }

    def places(self, names, segments):
        return [
            {"token": None if name == "text" else self.vocabulary[name], "segment": int(segment)}
            for name, segment in zip(names.split(), segments.split(), strict=True)
        ]

    def encode(self, text, pair=None, max_length=512, mask_tokens=False, truncate="longest"):
        """ids, segment ids, offsets, truncated."""
        first = self.pieces(text, mask_tokens)
        second = [] if pair is None else self.pieces(pair, mask_tokens)
        places = self.template["single" if pair is None else "pair"]
        room = max_length - sum(place["token"] is not None for place in places)
        at = -1 if self.truncation_side == "right" else 0
        second_was_longer, cut = len(second) >= len(first), 0
        while len(first) + len(second) > room:
            longer = max((first, second) if second_was_longer else (second, first), key=len)
            give_way = {"first": first or second, "second": second or first}
            give_way.get(truncate, longer).pop(at)
            cut += 1
        texts, tokens = iter([first, second]), []
        for place in places:
            special = [(place["token"], (0, 0))]
            chosen = next(texts) if place["token"] is None else special
            tokens += [(number, span, place["segment"]) for number, span in chosen]
        ids, spans, segments = zip(*tokens, strict=True)
        return list(ids), list(segments), list(spans), cut > 0

    def pieces(self, text, mask_tokens=False):
        """[(id, (start, end)), ...] of one text."""
        raw = [token for token in self.added_tokens if not token.get("normalized")]
        normalized = [token for token in self.added_tokens if token.get("normalized")]
        if mask_tokens:
            raw.append({"content": "[MASK]", "id": self.vocabulary["[MASK]"]})
        known = [(token["content"], token) for token in raw]
        known_normal = [(self.normal_text(token["content"]), token) for token in normalized]
        chars = [(char, at, self.reach(text, at)) for at, char in enumerate(text)]
        found = []
        for part, token in cut_out(chars, known):
            if token is not None:
                found.append((token["id"], (part[0][1], part[-1][1] + 1)))
                continue
            rest = self.normal(part) if normalized else part
            for inner, token_inside in cut_out(rest, known_normal):
                if token_inside is not None:
                    found.append((token_inside["id"], span(inner)))
                else:
                    found += self.pieces_of(inner)
        return found

    def normal(self, chars):
        """Characters as the second search sees them; separators are spaces."""
        chars = self.cleaned(chars)
        if self.lower_case:
            chars = lower(chars)
        return without_accents(decompose(chars)) if self.strip_accents else chars

    def normal_text(self, text):
        return "".join(char for char, _, _ in self.normal([(char, 0, 0) for char in text]))

    def reach(self, text, at):
        """Where the character at `at` ends, taking in the accents behind it that get stripped."""
        end = at + 1
        while self.strip_accents and end < len(text) and unicodedata.category(text[end]) == "Mn":
            end += 1
        return end

    def pieces_of(self, chars):
        return [piece for word in self.words(chars) for piece in self.match(word)]

    def words(self, chars):
        words = []
        for token in split_on_whitespace(self.cleaned(chars)):
            if self.lower_case:
                token = lower(token)
            if self.strip_accents:
                token = without_accents(decompose(token))
            for word in isolate_punctuation(token):
                words += split_on_whitespace(word)
        return words

    def cleaned(self, chars):
        cleaned = []
        for char, start, end in chars:
            if char in ("\0", "\ufffd") or is_control(char):
                continue
            if char in "\t\n\r\u2028\u2029" or unicodedata.category(char) == "Zs":
                cleaned.append((" ", start, end))
            elif self.chinese_chars and any(ord(char) in block for block in CHINESE_BLOCKS):
                cleaned += [(each, start, end) for each in (" ", char, " ")]
            else:
                cleaned.append((char, start, end))
        return cleaned

    def match(self, word):
        if len(word) > 100:
            return [(self.vocabulary["[UNK]"], span(word))]
        found, start = [], 0
        while start < len(word):
            for end in range(len(word), start, -1):
                piece = "##" * (start > 0) + "".join(char for char, _, _ in word[start:end])
                if piece in self.vocabulary:
                    found.append((self.vocabulary[piece], span(word[start:end])))
                    start = end
                    break
            else:
                return [(self.vocabulary["[UNK]"], span(word))]
        return found


def cut_out(chars, known):
    """[(characters, token or None), ...]: the first of the tokens, there the longest, and so on.

    known: [(text, token), ...].
    """
    text = "".join(char for char, _, _ in chars)
    parts, done, at = [], 0, 0
    while at < len(text):
        here = [(content, token) for content, token in known if text.startswith(content, at)]
        if not here:
            at += 1
            continue
        content, token = max(here, key=lambda each: len(each[0]))
        start, at = at, at + len(content)
        end = at
        if token.get("single_word") and (
            is_word(text[start - 1 : start]) or is_word(text[end : end + 1])
        ):
            continue
        while token.get("lstrip") and start > done and is_white_space(text[start - 1]):
            start -= 1
        while token.get("rstrip") and end < len(text) and is_white_space(text[end]):
            end += 1
        parts += [(chars[done:start], None), (chars[start:end], token)]
        done = end
    return [part for part in [*parts, (chars[done:], None)] if part[0]]


def is_white_space(char):
    return char.isspace() and char not in "\x1c\x1d\x1e\x1f"


def is_word(char):
    """What regular expressions of Rust call \\w."""
    if not char:
        return False
    kind = unicodedata.category(char)
    marks = kind[0] in "LM" or kind in ("Nd", "Nl", "Pc") or char in "\u200c\u200d"
    return marks or any(ord(char) in block for block in CIRCLED_LETTERS)


def span(chars):
    return min(start for _, start, _ in chars), max(end for _, _, end in chars)


def is_control(char):
    return char not in "\t\n\r" and unicodedata.category(char) in ("Cc", "Cf")


def is_punctuation(char):
    code = ord(char)
    if 33 <= code <= 47 or 58 <= code <= 64 or 91 <= code <= 96 or 123 <= code <= 126:
        return True
    return unicodedata.category(char)[0] == "P"


def split_on_whitespace(chars):
    tokens = [[]]
    for triple in chars:
        if triple[0].isspace():
            tokens.append([])
        else:
            tokens[-1].append(triple)
    return [token for token in tokens if token]


def lower(token):
    """str.lower of the whole token; how far each character's part reaches, from prefixes."""
    text = "".join(char for char, _, _ in token)
    lowered, result = text.lower(), []
    for at, (_, start, end) in enumerate(token):
        part = lowered[len(text[:at].lower()) : len(text[: at + 1].lower())]
        result += [(char, start, end) for char in part]
    return result


def decompose(token):
    """NFD of the whole token; each character is claimed by the first that can have given it."""
    text = "".join(char for char, _, _ in token)
    offered = [
        (part, start, end)
        for char, start, end in token
        for part in unicodedata.normalize("NFD", char)
    ]
    result = []
    for char in unicodedata.normalize("NFD", text):
        claimed = next(at for at, (part, _, _) in enumerate(offered) if part == char)
        result.append(offered.pop(claimed))
    return result


def without_accents(token):
    return [triple for triple in token if unicodedata.category(triple[0]) != "Mn"]


def isolate_punctuation(token):
    words = [[]]
    for triple in token:
        if is_punctuation(triple[0]):
            words += [[triple], []]
        else:
            words[-1].append(triple)
    return [word for word in words if word]
