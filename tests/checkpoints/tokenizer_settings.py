"""Tokenizer folders with settings drawn at random."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from edgebert.checkpoints.families import FAMILIES
from edgebert.checkpoints.hugging_face_tokenizer import read_tokenizer
from edgebert.tokenizer.tokenizer import Tokenizer

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
_WORDS = """
    [unused0] [unused1] [unused2] the card is lost my money good in Card The LOST berlin
    Berlin café cafe naïve über a b c e l o s t x y 1 2 20 ! , . - ' [ ] < > / _ # @ E url 東 京
    東京 ##s ##t ##a ##e ##l ##o ##x ##1 ##é ##rd ##京 ca ##fe ##fé loo be ##rlin
"""
WORDS = _WORDS.split()
MARKERS = (
    "[E1]", "[/E1]", "<url>", "[unused0]", "[unused1]", "@user", "Berlin", "card", "new york",
    "co-op", "E", "東京", "Café", "##s", "<e>", "xx",
)  # fmt: skip
FRAGMENTS = (
    *("the card is lost", "The Card", "LOST", "café", "Café", "naïve", "über", "Berlin", "berlin"),
    *(
        "東京 is",
        "my東京",
        "2020",
        "x1",
        "e-l",
        "co-op",
        "new york",
        "NEW YORK",
        "don't",
        "..",
        "!",
    ),
    *("a\tb", "c\n", "  ", "money_lost", "xxs", "\u200bcard", "lost\u0301", "a\u00a0b", "looooost"),
    *("qqq", "@userx", "[unused0]", "[unused2]", "<URL>", "[e1]", "E", "see"),
)
CLASSES = (
    *("BertTokenizer", "BertTokenizerFast", "DistilBertTokenizer", "DistilBertTokenizerFast"),
    *("ElectraTokenizer", "MobileBertTokenizerFast", "PreTrainedTokenizerFast", None, None),
)
TYPES = ("bert", "distilbert", "electra")
ROWS = 128
POSITIONS = 24


class Draw:
    """One setting: `files` by name, drawn from a seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311
        self.vocabulary = self._vocabulary()
        self.markers = self.random.sample(MARKERS, self.random.choice((0, 0, 1, 2, 3, 5)))
        self.files: dict[str, bytes] = {}
        self._write()

    def texts(self, number: int) -> list[tuple[str, str | None]]:
        """Texts, every third with a pair, some too long; never with a literal special token."""
        return [
            (self._text(), self._text() or "a" if at % 3 == 2 else None) for at in range(number)
        ]

    def write(self, folder: Path) -> Path:
        """The files, in a new folder."""
        folder.mkdir(parents=True)
        for name, content in self.files.items():
            (folder / name).write_bytes(content)
        return folder

    def _chance(self, share: float) -> bool:
        return self.random.random() < share

    def _pick(self, *values: Any) -> Any:
        return self.random.choice(values)

    def _text(self) -> str:
        parts = []
        for _ in range(self.random.choice((1, 2, 4, 8, 20))):
            of_markers = self.markers and self._chance(0.4)
            part = self.random.choice(self.markers if of_markers else FRAGMENTS)
            parts += [part, self._pick(" ", " ", "", "  ", ", ", "x", "_")]
        return "".join(parts)

    def _vocabulary(self) -> list[str]:
        pieces = [*SPECIAL, *WORDS]
        if self._chance(0.3):  # markers written over unused lines
            for at, marker in enumerate(self.random.sample(MARKERS, 2)):
                if marker not in pieces:
                    pieces[5 + at] = marker
        return pieces

    def _write(self) -> None:
        model_type = self._pick(*TYPES)
        config: dict[str, Any] = {"model_type": model_type}
        tokenizer_config = self._tokenizer_config()
        name = self._pick(*CLASSES)
        if name:
            (tokenizer_config if self._chance(0.8) else config)["tokenizer_class"] = name
        present = self._pick("vocab", "vocab", "json", "json", "both", "both", "both")
        if present != "json":
            self.files["vocab.txt"] = self._vocab_txt()
        if present != "vocab":
            self.files["tokenizer.json"] = self._json(self._tokenizer_json())
        if self._chance(0.9):
            self.files["tokenizer_config.json"] = self._json(tokenizer_config)
        if self._chance(0.6):
            self.files["special_tokens_map.json"] = self._json(self._special_map())
        if self._chance(0.2):
            start = self._pick(len(self.vocabulary), len(self.vocabulary), 90)
            added = {marker: start + at for at, marker in enumerate(self.markers)}
            self.files["added_tokens.json"] = self._json(added)
        self.files["config.json"] = self._json(config)

    def _json(self, value: Any) -> bytes:
        return json.dumps(value, ensure_ascii=self._chance(0.5)).encode()

    def _vocab_txt(self) -> bytes:
        pieces = list(self.vocabulary)
        damage = self._pick(*[None] * 6, "mark", "empty", "twice", "space", "separator", "return")
        at = self.random.randrange(8, len(pieces))
        if damage == "empty":
            pieces.insert(at, "")
        if damage == "twice":
            pieces[at] = pieces[at - 2]
        if damage == "space":
            pieces[at] += self._pick(" ", "\t", "\u3000")
        if damage == "separator":
            pieces[at] = self._pick("\u2028", "\x85", "\x0c", "a\u2028b")
        end = "\r\n" if damage == "return" else "\n"
        text = end.join(pieces) + self._pick(end, end, "", end * 2)
        return (b"\xef\xbb\xbf" if damage == "mark" else b"") + text.encode()

    def _flags(self, content: str) -> dict[str, Any]:
        names = ("lstrip", "rstrip", "single_word", "normalized")
        flags: dict[str, Any] = {name: self._chance(0.25) for name in names}
        return {"content": content, **flags, "special": self._chance(0.5)}

    def _tokens(self) -> list[dict[str, Any]]:
        return [self._flags(marker) for marker in self.markers if self._chance(0.8)]

    def _tokenizer_config(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        options: Mapping[str, tuple[Any, ...]] = {
            "do_lower_case": (True, False),
            "strip_accents": (True, False, None),
            "tokenize_chinese_chars": (True, False),
            "truncation_side": ("left", "right"),
            "model_max_length": (8, 12, 20, 512, 10**30),
            "model_input_names": (
                ["input_ids", "attention_mask"],
                ["input_ids", "token_type_ids", "attention_mask"],
            ),
            "do_basic_tokenize": (True, True, False),
            "never_split": (None, ["lost"]),
            "clean_up_tokenization_spaces": (True, False),
            "padding_side": ("left", "right"),
            "name_or_path": ("bert-base-uncased",),
            "wordpieces_prefix": ("##",),
            "unheard_of": (1, "x"),
        }
        for name, values in options.items():
            if self._chance(0.35):
                found[name] = self.random.choice(values)
        if self._chance(0.1):
            found["split_special_tokens"] = True
        if self._chance(0.4):
            ids = [*range(5), *range(len(self.vocabulary), 120)]
            entries = [{**self._flags(token), "normalized": False} for token in SPECIAL]
            entries += self._tokens()
            found["added_tokens_decoder"] = {
                str(number): entry for number, entry in zip(ids, entries, strict=False)
            }
        if self._chance(0.4):
            found["additional_special_tokens"] = self._additional()
        if self._chance(0.1):
            found["extra_special_tokens"] = {
                f"extra_{at}": marker for at, marker in enumerate(self.markers)
            }
        if self._chance(0.3):
            found |= dict(zip(self._role_names(), SPECIAL, strict=True))
        if self._chance(0.1):
            token = {"__type": "AddedToken", **self._flags("[MASK]")}
            found["mask_token"] = token
        if self._chance(0.05):
            found["bos_token"] = self._pick("[CLS]", "[unused1]", "<s>")
        return found

    @staticmethod
    def _role_names() -> tuple[str, ...]:
        return ("pad_token", "unk_token", "cls_token", "sep_token", "mask_token")

    def _additional(self) -> list[Any]:
        return [
            {"__type": "AddedToken", **self._flags(marker)} if self._chance(0.4) else marker
            for marker in self.markers
        ]

    def _special_map(self) -> dict[str, Any]:
        found: dict[str, Any] = dict(zip(self._role_names(), SPECIAL, strict=True))
        if self._chance(0.5):
            found["additional_special_tokens"] = [
                {k: v for k, v in self._flags(marker).items() if k != "special"}
                if self._chance(0.5)
                else marker
                for marker in self.markers
            ]
        if self._chance(0.3):
            found["cls_token"] = {"content": "[CLS]", "lstrip": False, "normalized": False}
        return found

    def _tokenizer_json(self) -> dict[str, Any]:
        ids = {piece: number for number, piece in enumerate(self.vocabulary)}
        specials = [
            {"id": number, **self._flags(token), "special": True, "normalized": False}
            for number, token in enumerate(SPECIAL)
        ]
        start = len(ids)
        added = [
            {"id": ids.get(entry["content"], start + at), **entry}
            for at, entry in enumerate(self._tokens())
        ]
        return {
            "version": "1.0",
            "truncation": self._pick(
                *[None] * 4,
                {
                    "direction": self._pick("Left", "Right"),
                    "max_length": 10,
                    "strategy": "LongestFirst",
                    "stride": 0,
                },
            ),
            "padding": None,
            "added_tokens": (specials if self._chance(0.9) else []) + added,
            "normalizer": self._normalizer(),
            "pre_tokenizer": self._pick(
                *[{"type": "BertPreTokenizer"}] * 12,
                {"type": "Sequence", "pretokenizers": [{"type": "BertPreTokenizer"}]},
                {
                    "type": "Sequence",
                    "pretokenizers": [
                        {"type": "WhitespaceSplit"},
                        {"type": "Punctuation", "behavior": "Isolated"},
                    ],
                },
                {"type": "Whitespace"},
            ),
            "post_processor": self._post_processor(),
            "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
            "model": {
                "type": "WordPiece",
                "unk_token": "[UNK]",
                "continuing_subword_prefix": "##",
                "max_input_chars_per_word": self._pick(*[100] * 15, 20),
                "vocab": ids,
            },
        }

    def _normalizer(self) -> Any:
        bert = {
            "type": "BertNormalizer",
            "clean_text": self._pick(*[True] * 15, False),
            "handle_chinese_chars": self._pick(True, True, False),
            "strip_accents": self._pick(None, None, True, False),
            "lowercase": self._pick(True, True, False),
        }
        return self._pick(
            *[bert] * 12, {"type": "Sequence", "normalizers": [bert]}, {"type": "Lowercase"}, None
        )

    def _post_processor(self) -> Any:
        cls = {"SpecialToken": {"id": "[CLS]", "type_id": 0}}
        sep = {"SpecialToken": {"id": "[SEP]", "type_id": 0}}
        text = {"Sequence": {"id": "A", "type_id": 0}}
        pair = {"Sequence": {"id": "B", "type_id": 1}}
        end = {"SpecialToken": {"id": "[SEP]", "type_id": 1}}
        ids = {
            token: {"id": token, "ids": [number], "tokens": [token]}
            for number, token in ((2, "[CLS]"), (3, "[SEP]"))
        }

        def template(single: list[Any], pairs: list[Any]) -> dict[str, Any]:
            return {
                "type": "TemplateProcessing",
                "single": single,
                "pair": pairs,
                "special_tokens": ids,
            }

        usual = template([cls, text, sep], [cls, text, sep, pair, end])
        zero = {"Sequence": {"id": "B", "type_id": 0}}
        return self._pick(
            *[usual] * 8,
            template([cls, text], [cls, text, sep, zero]),
            template([text, sep, cls], [text, sep, pair, end, cls]),
            template([cls, text, sep], [cls, pair, sep, text, end]),
            {"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]},
            {
                "type": "RobertaProcessing",
                "sep": ["[SEP]", 3],
                "cls": ["[CLS]", 2],
                "trim_offsets": True,
                "add_prefix_space": False,
            },
            {"type": "Sequence", "processors": [usual]},
            None,
        )


def read(folder: Path) -> tuple[Tokenizer, bool]:
    """Our tokenizer of a drawn folder, and whether its model tells segments apart.

    Raises:
        EdgebertError: refused.
    """
    model_type = json.loads((folder / "config.json").read_text())["model_type"]
    segments = model_type != "distilbert"
    pieces, options, _ = read_tokenizer(
        folder,
        POSITIONS,
        model_class=FAMILIES[model_type].tokenizer,
        rows=ROWS,
        segments=segments,
    )
    return Tokenizer(pieces, options), segments


def differences(folder: Path, texts: Sequence[tuple[str, str | None]], theirs: Any) -> list[str]:
    """Texts for which our tokenizer gives other ids, segments or another length than theirs.

    Args:
        folder: of the checkpoint.
        texts: each with its pair or None.
        theirs: transformers' tokenizer of that folder.

    Raises:
        EdgebertError: refused.
    """
    ours, segments = read(folder)
    found = []
    for text, pair in texts:
        length = min(POSITIONS, theirs.model_max_length)
        want = theirs(text, pair, truncation=True, max_length=length)
        ids = want["input_ids"]
        if not ids:
            continue  # nothing but white space, and no special tokens: no model answers that
        got = ours.encode(text, pair)
        want_segments = want.get("token_type_ids") or [0] * len(ids)
        if got.ids != ids or (segments and got.segment_ids != want_segments):
            found.append(f"{text!r} {pair!r}: {got.ids} {got.segment_ids}, {ids} {want_segments}")
    return found
