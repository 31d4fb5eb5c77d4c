"""The tokenizer files of a Hugging Face folder, settled as transformers 4.57 settles them.

Follows `AutoTokenizer.from_pretrained` (fast) up to where a class gets its keywords: which class it
is, what each keyword is, and which added tokens are declared beside those of `tokenizer.json`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from edgebert.checkpoints.added_tokens import AddedVocabulary, DeclaredToken, declared_token
from edgebert.errors import EdgebertError
from edgebert.text_files import as_object, kind, read_json_object, shown

TOKENIZER = "tokenizer.json"
CONFIG = "tokenizer_config.json"
_SPECIAL_MAP = "special_tokens_map.json"
_ADDED = "added_tokens.json"
_MODEL_CONFIG = "config.json"

BERT_CLASSES = ("BertTokenizer", "DistilBertTokenizer", "ElectraTokenizer", "MobileBertTokenizer")
UNIGRAM_CLASSES = ("AlbertTokenizer",)
_WITHOUT_SEGMENTS = "DistilBertTokenizer"
PLAIN_CLASSES = ("PreTrainedTokenizer", "TokenizersBackend")
"""Those that have nothing of their own; `Fast` is left out here as in the others."""

_XLM_R = "XLMRoberta"

_ROLES = (
    *("bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token"),
    "mask_token",
)
_ADDITIONAL = "additional_special_tokens"
_EXTRA = "extra_special_tokens"

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

# What would have the class read other files or run other code than the folder's, with what must
# stand there where anything does.
_ELSEWHERE: Mapping[str, tuple[object, ...]] = MappingProxyType(
    {
        "from_slow": (False, None),
        "gguf_file": (None,),
        "tokenizer_object": (None,),
        "__slow_tokenizer": (None,),
        "init_inputs": ([], None),
        "fast_tokenizer_files": ([TOKENIZER], []),
        "fix_mistral_regex": (False, None),
    }
)


@dataclass(frozen=True)
class Sources:
    """What the files say together.

    Attributes:
        class_name: without `Fast`.
        keywords: of the class; tokens are `DeclaredToken`s where the files give flags.
        tokenizer: the parsed `tokenizer.json`; None where there is none, or where it is not read.
        declared: added tokens by the id that the files give them.
    """

    folder: Path
    class_name: str
    keywords: Mapping[str, Any]
    tokenizer: Mapping[str, Any] | None
    declared: Mapping[int, DeclaredToken]

    @property
    def path(self) -> Path:
        """The file to name where the class or a keyword is wrong."""
        return self.folder / CONFIG

    def role(self, name: str) -> str | None:
        """The text of a special token: `cls_token` and the like."""
        token = self.keywords.get(name)
        return token.content if isinstance(token, DeclaredToken) else token

    @property
    def default_input_names(self) -> tuple[str, ...]:
        """What the class gives a model where `model_input_names` does not say it."""
        without = self.class_name == _WITHOUT_SEGMENTS
        return () if without else ("token_type_ids",)

    def special_contents(self) -> list[str]:
        """The texts of all special tokens, in the order in which the class adds them."""
        return list(map(_content, self._specials()))

    def add_to(self, vocabulary: AddedVocabulary) -> None:
        """Adds the tokens that the class adds, in its order."""
        specials = self._specials()
        names = {_content(token) for token in specials}
        waiting = [token for _, token in sorted(self.declared.items())]
        known = {*vocabulary.contents(), *(token.content for token in waiting)}
        tokens = [replace(each, special=each.special or each.content in names) for each in waiting]
        resolved = [token.resolved for token in waiting]
        for special in specials:
            if isinstance(special, str):
                if special not in known:
                    tokens.append(DeclaredToken(special, special=True))
            elif special.resolved not in resolved:
                tokens.append(replace(special, special=True))
        vocabulary.add(tokens)

    def _specials(self) -> list[str | DeclaredToken]:
        """The special tokens; a text that an earlier keyword has is left out."""
        found: list[str | DeclaredToken] = []
        roles = [[self.keywords[role]] for role in _ROLES if self.keywords[role] is not None]
        extra = [[token] for token in self.keywords[_EXTRA]]
        for group in (*roles, self.keywords[_ADDITIONAL], *extra):
            seen = set(map(_content, found))
            found += [token for token in group if _content(token) not in seen]
        return found


def read_sources(folder: Path, model_class: str) -> Sources:
    """The files of a folder.

    Args:
        folder: of the checkpoint.
        model_class: the tokenizer class that models of its type have.

    Raises:
        EdgebertError: a malformed file, a class that is not known, or one that would read other
            files.
    """
    tokenizer = _read_optional(folder / TOKENIZER)
    config = _read_optional(folder / CONFIG) or {}
    name = _class_name(config, folder, model_class)
    _check_elsewhere(config, folder / CONFIG)
    given = _keywords(config, folder)
    if "tokenizer_file" in given and tokenizer is not None:
        if given["tokenizer_file"] is not None:
            raise EdgebertError(
                f"{folder / CONFIG}: tokenizer_file is {shown(given['tokenizer_file'])}, which "
                f"transformers reads in place of {TOKENIZER}; take the line out"
            )
        tokenizer = None  # null means just that: the class goes by vocab.txt
    if tokenizer is None and given.get("vocab_file", ...) is not ...:
        raise EdgebertError(
            f"{folder / CONFIG}: vocab_file is {shown(given['vocab_file'])}, which transformers "
            "reads in place of the folder's own; take the line out"
        )
    declared = _declared(given, tokenizer, folder)
    return Sources(folder, name, _with_flags(given, declared, name), tokenizer, declared)


def _read_optional(path: Path) -> Mapping[str, Any] | None:
    return read_json_object(path) if path.exists() else None


def _class_name(config: Mapping[str, Any], folder: Path, model_class: str) -> str:
    """The class, from `tokenizer_config.json`, `config.json` or the model's type."""
    path, name = folder / CONFIG, config.get("tokenizer_class")
    if name is None:
        path = folder / _MODEL_CONFIG
        name = (_read_optional(path) or {}).get("tokenizer_class")
    if name is None:
        return model_class
    accepted = (*BERT_CLASSES, *UNIGRAM_CLASSES, *PLAIN_CLASSES)
    plain = name.removesuffix("Fast") if isinstance(name, str) else None
    if plain not in accepted or name == "PreTrainedTokenizer":
        if isinstance(plain, str) and plain.startswith(_XLM_R):
            raise EdgebertError(
                f"{path}: tokenizer_class is {shown(name)}; XLM-R's tokenizer (unigram pieces with "
                "<s> and </s>) is not supported; one of BERT's or ALBERT's is needed"
            )
        classes = (*BERT_CLASSES, *UNIGRAM_CLASSES, "PreTrainedTokenizerFast")
        raise EdgebertError(
            f"{path}: tokenizer_class is {shown(name)}; accepted: {', '.join(classes)}"
        )
    return plain


def _check_elsewhere(config: Mapping[str, Any], path: Path) -> None:
    for name, accepted in _ELSEWHERE.items():
        if name in config and config[name] not in accepted:
            raise EdgebertError(
                f"{path}: {name} is {shown(config[name])}; "
                "a tokenizer from the folder's own files is needed, without it"
            )
    code = config.get("auto_map")
    if isinstance(code, list) or (isinstance(code, dict) and code.get("AutoTokenizer")):
        raise EdgebertError(
            f"{path}: auto_map names a tokenizer in code of its own, {shown(code)}; only those of "
            "transformers are known"
        )


def _keywords(config: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Keywords as the files state them: the old map overrules the config where it is read."""
    path = folder / _SPECIAL_MAP
    given = {key: value for key, value in config.items() if key != "tokenizer_class"}
    specials = _read_optional(path)
    _check_additional(given, folder / CONFIG)
    _check_additional(specials or {}, path)
    if "added_tokens_decoder" in given or specials is None:
        return given
    for key, value in specials.items():
        if key == _ADDITIONAL and isinstance(value, list):
            own = list(given.get(key) or [])
            tokens = (t if isinstance(t, str) else _flagged(t, key, path) for t in value)
            given[key] = [*own, *(token for token in tokens if token not in own)]
        else:
            given[key] = _flagged(value, key, path) if isinstance(value, dict) else value
    return given


def _check_additional(given: Mapping[str, Any], path: Path) -> None:
    value = given.get(_ADDITIONAL)
    if not isinstance(value, list | dict | None):
        raise EdgebertError(f"{path}: {_ADDITIONAL} is {kind(value)}; a list is needed")


def _flagged(raw: object, where: str, path: Path) -> DeclaredToken:
    return declared_token(raw, where, path, special=True)


def _declared(
    given: dict[str, Any], tokenizer: Mapping[str, Any] | None, folder: Path
) -> dict[int, DeclaredToken]:
    """Added tokens by id: of `added_tokens_decoder`, or else of the older files."""
    if "added_tokens_decoder" in given:
        path = folder / CONFIG
        entries = as_object(given["added_tokens_decoder"], "added_tokens_decoder", path)
        return {
            _number(key, path): declared_token(value, f"added_tokens_decoder {key}", path)
            for key, value in entries.items()
        }
    found: dict[int, DeclaredToken] = {}
    path = folder / _ADDED
    # Objects of the config are not yet tokens where transformers looks here for what is special.
    stated = [token for token in _stated_tokens(given) if not isinstance(token, dict)]
    specials = set(map(_content, stated))
    for content, number in (_read_optional(path) or {}).items():
        if type(number) is not int or number < 0:
            raise EdgebertError(f"{path}: the id of {shown(content)} is {shown(number)}, no id")
        special = content in specials
        found[number] = DeclaredToken(content, normalized=not special, special=special)
    for entry in added_entries(tokenizer or {}, folder / TOKENIZER):
        found[entry["id"]] = declared_token(entry, "an added token", folder / TOKENIZER)
    return found


def added_entries(tokenizer: Mapping[str, Any], path: Path) -> list[Mapping[str, Any]]:
    """The added tokens of a `tokenizer.json`, each with its id.

    Raises:
        EdgebertError: no list of objects with ids.
    """
    entries = tokenizer.get("added_tokens") or []
    if not isinstance(entries, list):
        raise EdgebertError(f"{path}: added_tokens is {kind(entries)}; a list is needed")
    for entry in entries:
        token = as_object(entry, "an added token", path)
        if type(token.get("id")) is not int or token["id"] < 0:
            raise EdgebertError(f"{path}: added token {shown(dict(token))} has no id")
    return entries


def _stated_tokens(given: Mapping[str, Any]) -> list[Any]:
    stated = [given[role] for role in _ROLES if given.get(role) is not None]
    return [*stated, *(given.get(_ADDITIONAL) or [])]


def _number(key: str, path: Path) -> int:
    if not key.isdecimal() or len(key) > 9:
        raise EdgebertError(f"{path}: added_tokens_decoder has the id {shown(key)}, no number")
    return int(key)


def _with_flags(
    given: Mapping[str, Any], declared: Mapping[int, DeclaredToken], class_name: str
) -> dict[str, Any]:
    """The keywords with special tokens as the class gets them: with the flags declared for them."""
    defaults: Mapping[str, Any] = {}
    if class_name in BERT_CLASSES:
        defaults = _BERT_ROLES
    elif class_name in UNIGRAM_CLASSES:
        defaults = _ALBERT_ROLES
    by_content = {token.content: token for token in declared.values()}
    keywords = dict(given)
    for role in _ROLES:
        if given.get(role) is None:
            # Null is null where it is stated: the class then has no such token.
            keywords[role] = None if role in given else defaults.get(role)
        else:
            token = _token(given[role], role)
            keywords[role] = by_content.get(_content(token), token)
        if role == "mask_token" and class_name in UNIGRAM_CLASSES:
            keywords[role] = _taking_space(keywords[role])
    for name in (_ADDITIONAL, _EXTRA):
        keywords[name] = _tokens(given.get(name), name)
    return keywords


def _taking_space(mask: object) -> object:
    """A mask token that has no flags of its own, as ALBERT's class has it."""
    return DeclaredToken(mask, lstrip=True, normalized=False) if isinstance(mask, str) else mask


def _tokens(raw: object, name: str) -> list[str | DeclaredToken]:
    if not isinstance(raw, list | dict | None):
        raise EdgebertError(f"{CONFIG}: {name} is {kind(raw)}; a list is needed")
    values = raw.values() if isinstance(raw, dict) else raw or []
    return [_token(value, name) for value in values]


def _token(raw: object, name: str) -> str | DeclaredToken:
    if isinstance(raw, str | DeclaredToken):
        return raw
    return declared_token(raw, name, Path(CONFIG))


def _content(token: object) -> str:
    if isinstance(token, DeclaredToken):
        return token.content
    if isinstance(token, dict):
        return str(token.get("content"))
    return str(token)
