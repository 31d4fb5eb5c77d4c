"""Near duplicates against a comparison of every pair."""

import random
from itertools import combinations

from edgebert.dataset.duplicates import NEAR, components, jaccard, near_pairs, normalized


def varied(count=300):
    """Texts of which many are others with a letter or a word changed."""
    numbers = random.Random(1)  # noqa: S311 - the same each time
    words = ["".join(numbers.choices("abcdefghij", k=numbers.randint(1, 9))) for _ in range(60)]
    texts = []
    for _ in range(count):
        if texts and numbers.random() < 0.5:
            changed = numbers.choice(texts).split()
            changed[numbers.randrange(len(changed))] = numbers.choice(words)
            texts.append(" ".join(changed))
        else:
            texts.append(" ".join(numbers.choices(words, k=numbers.randint(1, 14))))
    return list(dict.fromkeys(texts))


def by_hand(one, other):
    runs = [{f" {text} "[at : at + 4] for at in range(len(text) - 1)} for text in (one, other)]
    return len(runs[0] & runs[1]) / len(runs[0] | runs[1]) if runs[0] | runs[1] else 0.0


def test_the_groups_are_those_of_all_pairs():
    texts = varied()
    every = [
        (one, other)
        for one, other in combinations(range(len(texts)), 2)
        if by_hand(texts[one], texts[other]) >= NEAR
    ]
    found = near_pairs(texts, ["train"] * len(texts))
    assert len(every) > 30
    assert set(found) <= set(every)
    assert components(len(texts), found) == components(len(texts), every)


def test_a_text_meets_its_like_in_each_split():
    texts = ["where is my new card", "where is my new card", "where is my new cards", "no"]
    assert near_pairs(texts, ["train", "dev", "test", "test"]) == [(0, 2), (1, 2)]


def test_short_and_no_texts():
    assert near_pairs(["a", "b", "", "."], ["train"] * 4) == []
    assert near_pairs([], []) == []


def test_what_people_do_not_read_as_a_difference():
    assert normalized("  Where's MY\tcard?! ") == normalized("where s my card")
    assert normalized("Ｃａｒｄ") == "card"
    assert normalized("!!") != normalized("??")
    assert jaccard("card", "card") == 1
