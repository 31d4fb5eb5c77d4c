"""Words of the README and the docs are English, or stand in tests/words.txt."""

import re
from pathlib import Path

import pytest

spellchecker = pytest.importorskip("spellchecker", reason="pip install pyspellchecker")

ROOT = Path(__file__).parents[1]
WORDS = Path(__file__).with_name("words.txt")
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
]
# Code, addresses and HTML are no English.
_NO_PROSE = re.compile(
    r"```.*?```|^    [^\n]*$|`[^`]*`|\]\([^)]*\)|<!--.*?-->|<[^>]+>|https?://\S+", re.DOTALL | re.M
)


@pytest.fixture(scope="module")
def spelling():
    checker = spellchecker.SpellChecker()
    checker.word_frequency.load_words(WORDS.read_text(encoding="utf-8").split())
    return checker


def words(text):
    """Words in lower case; those with capitals inside are names."""
    for word in re.findall(r"[A-Za-z][A-Za-z']*[A-Za-z]", _NO_PROSE.sub(" ", text)):
        word = word.removesuffix("'s")
        if word[1:].islower():
            yield word.lower()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_words_are_spelled_rightly(page, spelling):
    unknown = spelling.unknown(words(page.read_text(encoding="utf-8")))
    assert not unknown, "mend them, or add them to tests/words.txt"


def test_a_slip_is_found(spelling):
    assert spelling.unknown(words("The accelarator reads `teh` tokenizer's [lines](hte.md).")) == {
        "accelarator"
    }
