"""The tokenizer of the original BERT, written plainly from its description.

Slow, one character at a time, sharing nothing with `edgebert.tokenizer`. It makes the golden
vectors (`tools/make_golden_tokens.py`) and is what the tests compare with. It runs on the standard
library alone.

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


class Oracle:
    def __init__(self, vocabulary, lower_case=True, strip_accents=None, chinese_chars=True):
        self.vocabulary = {piece: index for index, piece in enumerate(vocabulary)}
        self.lower_case = lower_case
        self.strip_accents = lower_case if strip_accents is None else strip_accents
        self.chinese_chars = chinese_chars

    def encode(self, text, pair=None, max_length=512, mask_tokens=False, truncate="longest"):
        """ids, segment ids, offsets, truncated."""
        first = self.pieces(text, mask_tokens)
        second = [] if pair is None else self.pieces(pair, mask_tokens)
        cut = 0
        while len(first) + len(second) > max_length - (2 if pair is None else 3):
            give_way = {"first": first or second, "second": second or first}
            (give_way.get(truncate) or max(second, first, key=len)).pop()
            cut += 1
        tokens = [("[CLS]", (0, 0), 0)]
        tokens += [(piece, span, 0) for piece, span in first] + [("[SEP]", (0, 0), 0)]
        if pair is not None:
            tokens += [(piece, span, 1) for piece, span in second] + [("[SEP]", (0, 0), 1)]
        pieces, spans, segments = zip(*tokens, strict=True)
        return [self.vocabulary[p] for p in pieces], list(segments), list(spans), cut > 0

    def pieces(self, text, mask_tokens=False):
        """[(piece, (start, end)), ...] of one text."""
        chars = [(char, at, self.reach(text, at)) for at, char in enumerate(text)]
        found = []
        while mask_tokens and "".join(c for c, _, _ in chars).find("[MASK]") >= 0:
            at = "".join(c for c, _, _ in chars).find("[MASK]")
            found += self.pieces_of(chars[:at])
            found.append(("[MASK]", (chars[at][1], chars[at + 5][2])))
            chars = chars[at + 6 :]
        return found + self.pieces_of(chars)

    def reach(self, text, at):
        """Where the character at `at` ends, taking in the accents behind it that get stripped."""
        end = at + 1
        while self.strip_accents and end < len(text) and unicodedata.category(text[end]) == "Mn":
            end += 1
        return end

    def pieces_of(self, chars):
        return [piece for word in self.words(chars) for piece in self.match(word)]

    def words(self, chars):
        cleaned = []
        for char, start, end in chars:
            if char in ("\0", "\ufffd") or is_control(char):
                continue
            if char in "\t\n\r" or unicodedata.category(char) == "Zs":
                cleaned.append((" ", start, end))
            elif self.chinese_chars and any(ord(char) in block for block in CHINESE_BLOCKS):
                cleaned += [(" ", start, start), (char, start, end), (" ", end, end)]
            else:
                cleaned.append((char, start, end))
        words = []
        for token in split_on_whitespace(cleaned):
            if self.lower_case:
                token = lower(token)
            if self.strip_accents:
                token = without_accents(decompose(token))
            for word in isolate_punctuation(token):
                words += split_on_whitespace(word)
        return words

    def match(self, word):
        if len(word) > 100:
            return [("[UNK]", span(word))]
        found, start = [], 0
        while start < len(word):
            for end in range(len(word), start, -1):
                piece = "##" * (start > 0) + "".join(char for char, _, _ in word[start:end])
                if piece in self.vocabulary:
                    found.append((piece, span(word[start:end])))
                    start = end
                    break
            else:
                return [("[UNK]", span(word))]
        return found


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
