import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgebert.evaluation.squad import exact_match, f1, normalize

words = st.lists(st.sampled_from(["the", "a", "An", "cat", "Cat's", "é", "9½", "-", "the-cat"]))
answer = words.map(" ".join) | st.text(max_size=12)


@settings(deadline=None)
@given(st.lists(answer, min_size=1, max_size=3), answer)
def test_scores_equal_torchmetrics(expected, predicted):
    torchmetrics = pytest.importorskip("torchmetrics.functional.text")
    theirs = torchmetrics.squad(
        {"prediction_text": predicted, "id": "1"},
        {"answers": {"answer_start": [0] * len(expected), "text": expected}, "id": "1"},
    )
    # It follows SQuAD 1.1, where an empty answer is as good as any other; 2.0 takes it for none.
    right = [one for one in expected if normalize(one)] or [""]
    assert right != expected or exact_match(expected, predicted) == theirs["exact_match"] / 100
    assert right != expected or f1(expected, predicted) == pytest.approx(float(theirs["f1"]) / 100)


def test_scores_worked_by_hand():
    assert normalize(" The  Panthers' 6½ sacks, an  A.B.C. ") == "panthers 6½ sacks abc"
    assert exact_match(["the Broncos"], "Broncos!") == 1
    # Shared: two of three words, two of two.
    assert f1(["Denver Broncos team"], "the Denver Broncos") == pytest.approx(0.8)
    assert f1(["a b b c"], "b b b") == pytest.approx(2 * 2 / (3 + 3))


def test_the_best_of_several_answers_counts():
    answers = ["Denver", "the Denver Broncos", "-"]
    assert exact_match(answers, "denver broncos") == 1
    assert f1(answers, "broncos") == pytest.approx(2 / 3)
    assert f1(answers, "") == 0


def test_no_answer():
    assert exact_match([], "") == f1([], "") == 1
    assert exact_match([], "x") == f1([], "x") == 0
    assert f1(["x"], "") == 0
