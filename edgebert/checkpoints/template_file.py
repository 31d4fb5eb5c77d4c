"""Where special tokens stand around a text: the post_processor of a `tokenizer.json`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from edgebert.errors import EdgebertError
from edgebert.text_files import as_object, shown
from edgebert.tokenizer.template import Template, TemplatePart, bert_template

_TEXT = TemplatePart(None)
_PAIR = TemplatePart(None, 1)

NO_SPECIAL_TOKENS = Template((_TEXT,), (_TEXT, _PAIR))
"""What is there without a post_processor."""

_KEYS: Mapping[str, tuple[str, ...]] = {
    "TemplateProcessing": ("single", "pair", "special_tokens"),
    "BertProcessing": ("sep", "cls"),
    "RobertaProcessing": ("sep", "cls", "trim_offsets", "add_prefix_space"),
    "Sequence": ("processors",),
    "ByteLevel": ("add_prefix_space", "trim_offsets", "use_regex"),
}
_ACCEPTED = "TemplateProcessing, BertProcessing, RobertaProcessing and null"


def read_template(raw: object, path: Path) -> Template:
    """The template that a post_processor comes to.

    Raises:
        EdgebertError: malformed, or one that does something else.
    """
    processors = [each for each in _flat(raw, path) if each["type"] != "ByteLevel"]
    if not processors:
        return NO_SPECIAL_TOKENS
    if len(processors) > 1:
        raise EdgebertError(f"{path}: post_processor has {len(processors)} steps; one is accepted")
    (entry,) = processors
    if entry["type"] == "TemplateProcessing":
        ids = as_object(entry.get("special_tokens"), "special_tokens", path)
        return Template(
            tuple(_parts(entry.get("single"), ids, "A", path)),
            tuple(_parts(entry.get("pair"), ids, "AB", path)),
        )
    cls, sep = (_number_of(entry, name, path) for name in ("cls", "sep"))
    if entry["type"] == "BertProcessing":
        return bert_template(cls, sep)
    start, end = TemplatePart(cls), TemplatePart(sep)
    return Template((start, _TEXT, end), (start, _TEXT, end, end, _TEXT, end))


def without_segments(template: Template) -> Template:
    """The same with segment 0 throughout."""
    return Template(*(_all_zero(parts) for parts in (template.single, template.pair)))


def _all_zero(parts: Sequence[TemplatePart]) -> tuple[TemplatePart, ...]:
    return tuple(replace(part, segment=0) for part in parts)


def _flat(raw: object, path: Path) -> list[Mapping[str, Any]]:
    """The steps of a post_processor, which may be a sequence of others."""
    if raw is None:
        return []
    entry = as_object(raw, "post_processor", path)
    kind = entry.get("type")
    known = _KEYS.get(kind) if isinstance(kind, str) else None
    unknown = sorted(entry.keys() - {"type", *(known or entry)})
    if known is None or unknown:
        what = f"key {shown(unknown[0])}" if unknown else f"type {shown(kind)}"
        raise EdgebertError(f"{path}: post_processor has the {what}; accepted: {_ACCEPTED}")
    if kind != "Sequence":
        return [entry]
    inner = entry.get("processors")
    if not isinstance(inner, list) or any(_is_sequence(each) for each in inner):
        raise EdgebertError(f"{path}: processors of post_processor is no list of plain steps")
    return [step for each in inner for step in _flat(each, path)]


def _is_sequence(raw: object) -> bool:
    return isinstance(raw, dict) and raw.get("type") == "Sequence"


def _parts(raw: object, ids: Mapping[str, Any], texts: str, path: Path) -> list[TemplatePart]:
    """One side of a TemplateProcessing; `texts` names those that must stand in it, in order."""
    parts: list[TemplatePart] = []
    seen = ""
    for entry in raw if isinstance(raw, list) else [raw]:
        item = as_object(entry, "a part of post_processor", path)
        (name, inner), *more = item.items() or [("", None)]
        place = as_object(inner, "a part of post_processor", path)
        segment = place.get("type_id")
        if more or type(segment) is not int or segment < 0 or place.keys() != {"id", "type_id"}:
            raise EdgebertError(f"{path}: {shown(dict(item))} is no part of a post_processor")
        if name == "Sequence" and place["id"] in ("A", "B"):
            seen += place["id"]
            parts.append(TemplatePart(None, segment))
        elif name == "SpecialToken" and isinstance(place["id"], str):
            token = as_object(ids.get(place["id"]), f"special token {shown(place['id'])}", path)
            parts += [TemplatePart(number, segment) for number in _numbers(token, path)]
        else:
            raise EdgebertError(f"{path}: {shown(dict(item))} is no part of a post_processor")
    if seen != texts:
        raise EdgebertError(
            f"{path}: post_processor has the texts {seen or 'none'}; "
            f"{' and '.join(texts)} must stand there once, in this order"
        )
    return parts


def _numbers(token: Mapping[str, Any], path: Path) -> list[int]:
    numbers = token.get("ids")
    if not isinstance(numbers, list) or not all(type(n) is int and n >= 0 for n in numbers):
        raise EdgebertError(f"{path}: special token {shown(dict(token))} has no ids")
    return numbers


def _number_of(entry: Mapping[str, Any], name: str, path: Path) -> int:
    token = entry.get(name)
    if isinstance(token, list) and len(token) == 2 and type(token[1]) is int and token[1] >= 0:
        return token[1]
    raise EdgebertError(f"{path}: post_processor has {name} {shown(token)}; a text and its id")
