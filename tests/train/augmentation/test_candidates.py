"""Words are found where they stand, and only they change."""

import re

from hypothesis import given
from hypothesis import strategies as st

from edgebert.train.augmentation.candidates import replaced, spans


def words(text):
    return [text[start:end] for start, end in spans(text)]


def test_words_are_runs_of_letters_with_apostrophes_inside():
    text = "Why don't 2 cards work, e.g. 'Visa' or café-cards3x?"
    assert words(text) == [
        *("Why", "don't", "cards", "work", "e", "g", "Visa", "or", "café", "cards", "x")
    ]


def test_an_accent_belongs_to_its_letter_however_it_is_written():
    assert words("cafe\u0301 noir") == ["cafe\u0301", "noir"]


@given(st.text())
def test_all_letters_are_in_words(text):
    outside = text
    for start, end in reversed(spans(text)):
        outside = outside[:start] + outside[end:]
    assert not re.search(r"[^\W\d_]", outside)


@given(st.text(), st.data())
def test_nothing_but_the_spans_changes(text, data):
    chosen = [span for span in spans(text) if data.draw(st.booleans())]
    new = replaced(text, [(span, "new") for span in chosen])
    kept, at = [], 0
    for start, end in chosen:
        kept.append(re.escape(text[at:start]))
        at = end
    pattern = "[Nn]ew".join([*kept, re.escape(text[at:])])
    assert re.fullmatch(pattern, new)


def test_a_capital_stays_a_capital():
    assert replaced("Why my card", [((0, 3), "how"), ((7, 11), "pin")]) == "How my pin"
