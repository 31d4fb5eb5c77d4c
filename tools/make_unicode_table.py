"""Writes the properties of characters that the Kotlin tokenizer needs.

    python -m tools.make_unicode_table

One kind a line, in hexadecimal: ranges of characters (`accent 300-36F 483-487 …`), canonical
combining classes (`class 230 …`), lower case by distance (`lower 32 41-5A …`; `100-12E/2` is every
second one), and what becomes several characters (`mapped`, `decomposed`: `C0=41+300`). The
properties are those that `edgebert.tokenizer` goes by, of Unicode 13 whatever Python runs this.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from edgebert.tokenizer.characters import is_accent, is_dropped, is_punctuation, is_word
from edgebert.tokenizer.unicode13 import category, combining, decompose, lower

TABLE = (
    Path(__file__).parent.parent / "android_demo/edgebert/src/main/resources/edgebert/unicode13.txt"
)
HEADER = "# Unicode 13, made by tools/make_unicode_table.py, which tells the format."

HANGUL = range(0xAC00, 0xD7A4)  # decomposed by arithmetic
CODES = [code for code in range(0x110000) if category(chr(code)) not in ("Cn", "Co", "Cs")]


def is_cased(char: str) -> bool:
    """A sigma behind it is a final one."""
    return lower(f"{char}Σ").endswith("ς")


def is_case_ignorable(char: str) -> bool:
    """The rule for the final sigma looks past it."""
    return lower(f"A{char}Σ").endswith("ς") and not is_cased(char)


PROPERTIES: dict[str, Callable[[str], bool]] = {
    "dropped": is_dropped,
    "accent": is_accent,
    "punctuation": is_punctuation,
    "word": is_word,
    "cased": is_cased,
    "case_ignorable": is_case_ignorable,
}


def lines() -> Iterator[str]:
    """The lines of the table."""
    yield HEADER
    for name, has in PROPERTIES.items():
        yield f"{name} {ranges(code for code in CODES if has(chr(code)))}"
    for number, codes in grouped(combining).items():
        yield f"class {number} {ranges(codes)}"
    for distance, codes in grouped(lower_distance).items():
        yield f"lower {distance} {ranges(codes, steps=(1, 2))}"
    yield f"mapped {mapping(lower, lambda new: len(new) > 1)}"
    yield f"decomposed {mapping(decompose, lambda _: True)}"


def lower_distance(char: str) -> int:
    """How far its lower case is, where that is one character."""
    lowered = lower(char)
    # A sigma alone is a small sigma; the rule for the final one is code.
    return ord(lowered) - ord(char) if len(lowered) == 1 else 0


def grouped(number_of: Callable[[str], int]) -> dict[int, list[int]]:
    """Characters by a number of theirs; those with 0 are left out."""
    found: dict[int, list[int]] = defaultdict(list)
    for code in CODES:
        if number := number_of(chr(code)):
            found[number].append(code)
    return dict(sorted(found.items()))


def mapping(change: Callable[[str], str], wanted: Callable[[str], bool]) -> str:
    """What `change` makes of each character that it changes."""
    changed = ((code, change(chr(code))) for code in CODES if code not in HANGUL)
    return " ".join(
        f"{code:X}={'+'.join(f'{ord(each):X}' for each in new)}"
        for code, new in changed
        if new != chr(code) and wanted(new)
    )


def ranges(codes: Iterable[int], steps: tuple[int, ...] = (1,)) -> str:
    """Ascending code points as ranges."""
    rest = list(codes)
    found = []
    while rest:
        step, length = max(((step, run(rest, step)) for step in steps), key=lambda each: each[1])
        first, last = rest[0], rest[length - 1]
        found.append(f"{first:X}-{last:X}" if length > 1 else f"{first:X}")
        if length > 1 and step > 1:
            found[-1] += f"/{step}"
        del rest[:length]
    return " ".join(found)


def run(codes: list[int], step: int) -> int:
    """How many codes from the first on follow each other in steps."""
    length = 1
    while length < len(codes) and codes[length] == codes[0] + length * step:
        length += 1
    return length


def main() -> None:
    TABLE.parent.mkdir(parents=True, exist_ok=True)
    TABLE.write_text("\n".join(lines()) + "\n", encoding="ascii")
    print(f"{TABLE}: {TABLE.stat().st_size} bytes")


if __name__ == "__main__":
    main()
