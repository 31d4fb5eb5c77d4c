"""Small unigram tokenizers as Hugging Face writes them, for us and for `tokenizers` to read."""

from __future__ import annotations

import base64
import json

SPECIAL = ["<pad>", "<unk>", "[CLS]", "[SEP]", "[MASK]"]
PIECES = [
    *((piece, 0.0) for piece in SPECIAL),
    *(("▁", -2.0), ("▁the", -3.0), ("▁th", -5.5), ("e", -4.0), ("s", -3.5), ("▁a", -3.2)),
    *(("an", -4.5), ("n", -4.1), ("▁an", -4.4), ("t", -4.2), ("h", -4.7), ("ing", -4.0)),
    *(("i", -4.3), ("g", -5.0), ("in", -4.9), (".", -3.1), ('"', -4.8), ("'", -4.6)),
    *(("o", -4.1), ("f", -4.9), ("fi", -6.0), ("é", -6.1), ("中", -7.0), ("1", -5.2)),
]
ALBERT_STEPS = [
    {"type": "Replace", "pattern": {"String": "``"}, "content": '"'},
    {"type": "Replace", "pattern": {"String": "''"}, "content": '"'},
    {"type": "NFKD"},
    {"type": "StripAccents"},
    {"type": "Lowercase"},
]
JOIN_SPACES = {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "}
METASPACE = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True}
WHITESPACE = {"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"}, METASPACE]}


def _special(name: str) -> dict:
    return {"SpecialToken": {"id": name, "type_id": 0}}


def _added(number: int, name: str) -> dict:
    flags = dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False)
    return {"id": number, "content": name, "special": True, **flags}


def tokenizer_json(steps=ALBERT_STEPS, pre_tokenizer=METASPACE, pieces=PIECES) -> dict:
    """A `tokenizer.json` as ALBERT's."""
    first, second = ({"Sequence": {"id": name, "type_id": at}} for at, name in enumerate("AB"))
    end = {"SpecialToken": {"id": "[SEP]", "type_id": 1}}
    return {
        "version": "1.0",
        "added_tokens": [_added(number, name) for number, name in enumerate(SPECIAL)],
        "normalizer": {"type": "Sequence", "normalizers": list(steps)},
        "pre_tokenizer": pre_tokenizer,
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [_special("[CLS]"), first, _special("[SEP]")],
            "pair": [_special("[CLS]"), first, _special("[SEP]"), second, end],
            "special_tokens": {
                name: {"id": name, "ids": [SPECIAL.index(name)], "tokens": [name]}
                for name in ("[CLS]", "[SEP]")
            },
        },
        "model": {"type": "Unigram", "unk_id": 1, "vocab": [list(piece) for piece in pieces]},
    }


def write(folder, value: dict):
    (folder / "tokenizer.json").write_text(json.dumps(value, ensure_ascii=False), "utf-8")
    return folder


def charsmap(table: dict[str, str]) -> str:
    """The base64 of a SentencePiece character map: a double-array trie, and its texts."""
    texts, places = b"", {}
    for old, new in table.items():
        places[old.encode()] = len(texts)
        texts += new.encode() + b"\0"
    units = {0: 0}
    _place(units, 0, 0, places)
    size = (max(units) | 255) + 1
    array = b"".join(units.get(at, 0).to_bytes(4, "little") for at in range(size))
    return base64.b64encode(len(array).to_bytes(4, "little") + array + texts).decode()


def _place(units: dict[int, int], at: int, depth: int, places: dict[bytes, int]) -> None:
    """Gives the node at `at`, all of whose keys share `depth` bytes, a base with free children."""
    labels = sorted({key[depth] for key in places if len(key) > depth})
    leaf = next((places[key] for key in places if len(key) == depth), None)
    wanted = [*labels, *([0] if leaf is not None else [])]
    offset = next(o for o in range(1, 1 << 21) if not any((at ^ o) ^ w in units for w in wanted))
    base = at ^ offset
    units[at] |= offset << 10 | (leaf is not None) << 8
    if leaf is not None:
        units[base] = 1 << 31 | leaf
    for label in labels:
        units[base ^ label] = label
    for label in labels:
        below = {key: at for key, at in places.items() if key[depth : depth + 1] == bytes([label])}
        _place(units, base ^ label, depth + 1, below)
