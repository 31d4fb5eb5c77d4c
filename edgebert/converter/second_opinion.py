"""A second opinion on ids: what the library `tokenizers` makes of the checkpoint's own files.

It is built from the files as they are, the way `transformers` 4.57 builds a fast tokenizer
(`tokenization_utils_fast.py`, `convert_slow_tokenizer.py`), and shares nothing with our reading of
them. A setting that we misread shows here, since our check of the numbers uses our ids throughout.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from edgebert.checkpoints.checkpoint import Checkpoint, TokenizerFiles
from edgebert.checkpoints.sentence_transformers import FORMAT as SENTENCE_TRANSFORMERS
from edgebert.converter.check import check_texts
from edgebert.data import read_lines
from edgebert.errors import CheckFailedError
from edgebert.tokenizer.special import SPECIAL_TOKENS
from edgebert.tokenizer.tokenizer import Tokenizer
from edgebert.tokenizer.unicode13 import category

Text = tuple[str, str | None]

_MOST_TOKENS = 128
_MOST_ADDED = 50

# Such tables stand in checkpoints/tokenizer_sources.py, too. They are written out again on purpose:
# read from there, a mistake in one would be a mistake in both, and nothing would differ.
_ROLES = (
    *("bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token"),
    "mask_token",
)
_SEVERAL = ("additional_special_tokens", "extra_special_tokens")
_BERT_ROLES = {
    "unk_token": "[UNK]",
    "sep_token": "[SEP]",
    "pad_token": "[PAD]",
    "cls_token": "[CLS]",
    "mask_token": "[MASK]",
}
_ALBERT_ROLES = {
    "bos_token": "[CLS]",
    "eos_token": "[SEP]",
    "unk_token": "<unk>",
    "sep_token": "[SEP]",
    "pad_token": "<pad>",
    "cls_token": "[CLS]",
    "mask_token": "[MASK]",
}
_PLAIN_CLASSES = ("PreTrainedTokenizer", "TokenizersBackend")
"""Those that take `tokenizer.json` as it is; BERT's own overrule its normaliser."""


def count_equal_texts(checkpoint: Checkpoint, tokenizer: Tokenizer) -> int | None:
    """On how many texts our ids are those of `tokenizers`.

    Args:
        checkpoint: with the files of its tokenizer.
        tokenizer: ours, made from it.

    Returns:
        The number of texts, all equal; None where the checkpoint has no such files (any more), or
        the library is not installed or cannot load them.

    Raises:
        CheckFailedError: a text has other ids, and not for one of the reasons in docs/design.md.
    """
    files = checkpoint.tokenizer_files
    if files is None or not files.folder.is_dir():
        return None
    try:
        found = _library_tokenizer(files)
    except Exception:
        return None
    if found is None:
        return None
    library, unsettled = found
    most = min(tokenizer.options.max_length, _MOST_TOKENS)
    library.no_padding()
    library.enable_truncation(most, direction=_side(files, library))
    lowers = checkpoint.format == SENTENCE_TRANSFORMERS and _lowers_texts(files.folder)
    count = 0
    kind = checkpoint.tokenizer.kind
    names = SPECIAL_TOKENS[kind]
    special = {at for at, name in enumerate(checkpoint.vocabulary) if name in names}
    for text, pair in _texts(library, special, {*names, *unsettled}):
        given = (text, pair) if not lowers else (text.lower(), pair and pair.lower())
        try:
            theirs = library.encode(*given).ids
        except Exception as error:  # it has no class of its own
            raise CheckFailedError(
                f"{files.folder}: the library tokenizers cannot encode {text[:80]!r} with its "
                f"files ({error}); nothing was written"
            ) from error
        if not theirs:  # an empty text, and no special tokens around it
            continue
        ours = tokenizer.encode(text, pair, max_length=most).ids
        if ours != theirs:
            raise CheckFailedError(_difference(files.folder, text, pair, ours, theirs))
        count += 1
    return count


def _difference(
    folder: Path, text: str, pair: str | None, ours: Sequence[int], theirs: Sequence[int]
) -> str:
    at = next(
        (at for at, (a, b) in enumerate(zip(ours, theirs, strict=False)) if a != b),
        min(len(ours), len(theirs)),
    )
    one, other = (ids[at] if at < len(ids) else "none" for ids in (ours, theirs))
    shown = f"{text[:80]!r}" + ("" if pair is None else f" and {pair[:80]!r}")
    return (
        f"{folder}: its tokenizer was misread: token {at} of {shown} is {one}, and to the library "
        f"tokenizers {other}; nothing was written. Files that AutoTokenizer.save_pretrained of "
        "transformers writes may do; please report the files"
    )


# The texts


def _texts(library: Any, special: Container[int], passed_over: Iterable[str]) -> Iterator[Text]:
    """Those of the check, nasty ones, and the added tokens in many surroundings.

    Args:
        library: the tokenizer.
        special: ids of [CLS] and the like, which are text in a text; none has the names of these.
        passed_over: none has these either.
    """
    added = sorted(library.get_added_tokens_decoder().items())
    names = [token.content for number, token in added if number in special]
    absent = {_folded(library, content) for content in (*names, *passed_over)}
    contents = [token.content for number, token in added if number not in special][:_MOST_ADDED]
    nasty = [json.loads(line) for line in read_lines("nasty_texts.jsonl")]
    every: list[Text] = check_texts()
    every += [(text, None) for text in nasty]
    every += list(zip(nasty[::2], nasty[1::2], strict=False))
    every += [(text, None) for content in contents for text in _around(content)]
    if len(contents) > 1:
        every.append((" ".join(contents), "".join(contents)))
    for text, pair in every:
        both = f"{text} {pair or ''}"
        folded = _folded(library, both)
        if not _is_documented(both) and not any(content in folded for content in absent):
            yield text, pair


def _folded(library: Any, text: str) -> str:
    """A text in which a token is found if it is found in any way."""
    normal = text if library.normalizer is None else library.normalizer.normalize_str(text)
    return str(normal).lower()


def _around(content: str) -> Iterator[str]:
    yield f"{content} a {content}b c{content} d  {content}  e.{content}, é{content}\u3000{content}"
    yield f"{content.upper()} {content.lower()} {content.title()} {content[:-1]} {content}{content}"


def _is_documented(text: str) -> bool:
    """Whether it has a character with which `tokenizers` is known to differ (docs/design.md)."""
    return not text.isascii() and any(
        char == "Σ"
        or 0x2B820 <= ord(char) <= 0x2CEAF
        or category(char) in ("Cn", "Co")
        or category(char) != unicodedata.category(char)
        for char in text
    )


# The library's tokenizer


def _library_tokenizer(files: TokenizerFiles) -> tuple[Any, set[str]] | None:
    """The tokenizer, and tokens that versions of the library find in different ways.

    Those are declared twice with other flags, or normalised before the normaliser is replaced.
    """
    import tokenizers

    folder = files.folder
    config = _json(folder / "tokenizer_config.json")
    if files.lower_case is not None:
        config = {**config, "do_lower_case": files.lower_case}
    path = folder / "tokenizer.json"
    if not _is_plain(config, folder):
        is_albert = (_json(path).get("model") or {}).get("type") == "Unigram"
        config = {**(_ALBERT_ROLES if is_albert else _BERT_ROLES), **config}
    declared = _declared(config, folder)
    if path.exists() and "tokenizer_file" not in config:
        library = tokenizers.Tokenizer.from_str(path.read_text(encoding="utf-8"))
    elif (folder / "vocab.txt").exists():
        library = _from_vocabulary(folder / "vocab.txt", config)
    else:
        return None
    unsettled = _add_tokens(library, declared, config)
    if type(library.model).__name__ == "WordPiece" and not _is_plain(config, folder):
        before = library.normalizer
        library.normalizer = _bert_normalizer(config, before)
        if str(before) != str(library.normalizer):
            every = library.get_added_tokens_decoder().values()
            unsettled |= {token.content for token in every if token.normalized}
    library.encode_special_tokens = bool(config.get("split_special_tokens"))
    return library, unsettled


def _from_vocabulary(path: Path, config: Mapping[str, Any]) -> Any:
    """As `BertConverter` of transformers."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    with path.open(encoding="utf-8") as file:
        vocabulary = {line.rstrip("\n"): number for number, line in enumerate(file)}
    roles = {role: _content(config[role]) for role in _BERT_ROLES}
    library = Tokenizer(models.WordPiece(vocabulary, unk_token=roles["unk_token"]))
    library.normalizer = _bert_normalizer(config, None)
    library.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    cls, sep = roles["cls_token"], roles["sep_token"]
    library.post_processor = processors.TemplateProcessing(
        single=f"{cls}:0 $A:0 {sep}:0",
        pair=f"{cls}:0 $A:0 {sep}:0 $B:1 {sep}:1",
        special_tokens=[(name, vocabulary[name]) for name in dict.fromkeys((cls, sep))],
    )
    return library


def _bert_normalizer(config: Mapping[str, Any], before: Any) -> Any:
    """As `BertTokenizerFast` has it: its keywords count, and `clean_text` of the normaliser."""
    from tokenizers import normalizers

    if before is not None and type(before).__name__ != "BertNormalizer":
        return before
    return normalizers.BertNormalizer(
        clean_text=True if before is None else before.clean_text,
        lowercase=config.get("do_lower_case", True),
        strip_accents=config.get("strip_accents"),
        handle_chinese_chars=config.get("tokenize_chinese_chars", True),
    )


def _is_plain(config: Mapping[str, Any], folder: Path) -> bool:
    name = config.get("tokenizer_class") or _json(folder / "config.json").get("tokenizer_class")
    return isinstance(name, str) and name.removesuffix("Fast") in _PLAIN_CLASSES


def _declared(config: dict[str, Any], folder: Path) -> list[Any]:
    """Added tokens in the order of their ids; older files add to `config`."""
    if "added_tokens_decoder" in config:
        entries = config["added_tokens_decoder"].items()
        return [_token(entry) for _, entry in sorted(entries, key=lambda each: int(each[0]))]
    for key, value in _json(folder / "special_tokens_map.json").items():
        several = [*(config.get(key) or []), *value] if isinstance(value, list) else value
        config[key] = several
    names = [_content(token) for token in _special(config)]
    found = {
        number: _token({"content": content, "special": content in names})
        for content, number in _json(folder / "added_tokens.json").items()
    }
    for entry in _json(folder / "tokenizer.json").get("added_tokens") or []:
        found[entry["id"]] = _token(entry)
    return [token for _, token in sorted(found.items(), key=lambda each: each[0])]


def _special(config: Mapping[str, Any]) -> list[Any]:
    """All special tokens that the config names."""
    wanted = [[config.get(role)] for role in _ROLES]
    for key in _SEVERAL:
        several = config.get(key) or []
        wanted.append([*(several.values() if isinstance(several, dict) else several)])
    found: list[Any] = []
    seen: set[str] = set()
    for tokens in wanted:  # a token may be in one list twice, but not in two
        found += [each for each in tokens if each is not None and _content(each) not in seen]
        seen |= {_content(each) for each in found}
    return found


def _add_tokens(library: Any, declared: Sequence[Any], config: Mapping[str, Any]) -> set[str]:
    """As the constructor of `PreTrainedTokenizerFast`; gives what is declared in two ways."""
    special = _special(config)
    names = {_content(token) for token in special}
    every = list(library.get_added_tokens_decoder().values())
    known = {token.content for token in (*every, *declared)}
    for token in declared:
        token.special = token.special or token.content in names
        every.append(token)
    every += [  # those with flags change a token that is there
        _token({**_flags(entry), "special": True})
        for entry in special
        if isinstance(entry, dict) or entry not in known
    ]
    flags: dict[str, set[str]] = {}
    for token in every:
        library.add_tokens([token])
        flags.setdefault(token.content, set()).add(repr(token))
    return {content for content, found in flags.items() if len(found) > 1}


def _token(entry: Any) -> Any:
    from tokenizers import AddedToken

    flags = _flags(entry)
    return AddedToken(flags.pop("content"), **flags)


def _flags(entry: Any) -> dict[str, Any]:
    if isinstance(entry, str):
        return {"content": entry}
    return {key: value for key, value in entry.items() if key not in ("id", "__type")}


def _content(entry: Any) -> str:
    return str(entry["content"] if isinstance(entry, dict) else entry)


def _side(files: TokenizerFiles, library: Any) -> str:
    config = _json(files.folder / "tokenizer_config.json")
    stated = (library.truncation or {}).get("direction", "right")
    return str(config.get("truncation_side", stated))


def _lowers_texts(folder: Path) -> bool:
    """Whether sentence-transformers lower-cases texts before the tokenizer sees them."""
    return any(_json(path).get("do_lower_case") for path in folder.glob("sentence_*_config.json"))


def _json(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    found = json.loads(path.read_text(encoding="utf-8"))
    return found if isinstance(found, dict) else {}
