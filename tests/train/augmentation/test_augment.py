"""New texts follow from seed and number alone, wherever the work was broken off."""

import json

import numpy as np
import pytest

from edgebert.bulk.resumable import progress_path
from edgebert.errors import EdgebertError
from edgebert.evaluation.texts import Text
from edgebert.train.augmentation.augment import AugmentationOptions, augment, augment_transfer_set
from edgebert.train.augmentation.candidates import NO_CANDIDATES, Candidates, spans
from edgebert.train.distillation.transfer_set import TransferSet
from tests.train import words

TEXTS = [Text(text, None, f"line {n}") for n, (text, _) in enumerate(words.sentences(200, 5), 1)]
DOUBLED = {word: Candidates.of([(2 * word, 1.0)]) for word in words.WORDS}


class Doubling:
    """A method that knows one word for each of the vocabulary: the word twice."""

    name, fingerprint = "doubling", "doubling 1"

    def __init__(self):
        self.asked = 0

    def candidates(self, texts):
        self.asked += len(texts)
        return [
            [DOUBLED.get(text[start:end], NO_CANDIDATES) for start, end in spans(text)]
            for text in texts
        ]


FOUR = AugmentationOptions(times=4)


def make(path, texts=TEXTS, amount=FOUR, method=None, **options):
    return augment(texts, method or Doubling(), path, amount, fingerprint="same", **options)


def lines(path):
    return path.read_text(encoding="utf-8").splitlines()


def test_the_share_of_replaced_words_is_that_asked_for(tmp_path):
    long = Text(" ".join(["good", "film"] * 50), None, "line 1")
    assert make(tmp_path / "more.txt", [long], AugmentationOptions(times=100, share=0.3)) == 100
    found = " ".join(lines(tmp_path / "more.txt")).split()
    assert len(found) == 100 * 100
    doubled = np.mean([word in ("goodgood", "filmfilm") for word in found])
    assert doubled == pytest.approx(0.3, abs=0.02)


def test_rows_with_several_labels_or_none_are_texts_like_others(tmp_path):
    rows = [{"text": "good film", "label": ["a", "b"]}, {"text": "bad film", "label": []}]
    path = tmp_path / "labelled.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    found = augment_transfer_set(TransferSet((), path), Doubling(), FOUR, tmp_path / "new")
    (made,) = found.texts
    assert lines(made)


@pytest.mark.parametrize("name", ["more.txt", "more.jsonl"])
def test_a_text_that_utf8_cannot_write_is_one_line(tmp_path, name):
    texts = [Text("good \ud800 film", None, "a.jsonl, line 7")]
    with pytest.raises(EdgebertError, match=r"a.jsonl, line 7: has a lone surrogate"):
        make(tmp_path / name, texts)


def test_no_text_comes_out_like_its_own_or_twice(tmp_path):
    texts = [Text("good film", None, "line 1"), Text("xyz 12", None, "line 2"), TEXTS[0]]
    make(tmp_path / "more.txt", texts, AugmentationOptions(times=200))
    found = lines(tmp_path / "more.txt")
    assert sorted(found[:3]) == ["good filmfilm", "goodgood film", "goodgood filmfilm"]
    assert len(found) == len(set(found)) > 3
    assert not {text.text for text in texts} & set(found)


@pytest.mark.parametrize(("stop", "torn"), [(0, b""), (64, b"half a li"), (192, b"one\ntwo\n")])
def test_broken_off_anywhere_it_goes_on_to_the_same_file(tmp_path, stop, torn):
    make(tmp_path / "whole.txt")
    path = tmp_path / "more.txt"

    class Breaking(Doubling):
        def candidates(self, texts):
            if self.asked >= stop:
                raise KeyboardInterrupt
            return super().candidates(texts)

    with pytest.raises(KeyboardInterrupt):
        make(path, method=Breaking())
    with path.open("ab") as file:
        file.write(torn)
    second = Doubling()
    make(path, method=second)
    assert second.asked == len(TEXTS) - stop
    assert path.read_bytes() == (tmp_path / "whole.txt").read_bytes()


def test_pairs_stay_pairs(tmp_path):
    texts = [Text("good film", "bad plot", "line 1")]
    make(tmp_path / "more.jsonl", texts, AugmentationOptions(times=500))
    found = [tuple(json.loads(line).values()) for line in lines(tmp_path / "more.jsonl")]
    assert len(set(found)) == len(found) == 15
    assert {pair.replace("badbad", "bad").replace("plotplot", "plot") for _, pair in found} == {
        "bad plot"
    }
    with pytest.raises(EdgebertError, match=r"line 1: has a pair; .* ending in .jsonl"):
        make(tmp_path / "more.txt", texts)


def test_a_line_is_a_line(tmp_path):
    make(
        tmp_path / "more.txt",
        [Text("good\nfilm\r\u2028was", None, "line 1")],
        AugmentationOptions(times=3),
    )
    assert all(len(line.split()) == 3 for line in lines(tmp_path / "more.txt"))


def test_other_options_do_not_go_on_with_what_is_there(tmp_path):
    def full(done, total, what):
        raise EdgebertError("no space left")

    with pytest.raises(EdgebertError, match="no space left"):
        make(tmp_path / "more.txt", progress=full)
    with pytest.raises(EdgebertError, match=r"an option is not what it was; .* --force"):
        make(tmp_path / "more.txt", amount=AugmentationOptions(times=5))
    assert make(tmp_path / "more.txt", amount=AugmentationOptions(times=5), force=True)
    with pytest.raises(EdgebertError, match="exists already"):
        make(tmp_path / "more.txt")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"times": 0}, "times is 0; a whole number from 1 to 1000"),
        ({"share": 0}, "share is 0; a number above 0"),
        ({"share": float("nan")}, "share is nan; a number above 0"),
        ({"seed": -1}, "seed is -1"),
    ],
)
def test_wrong_amounts_are_one_line(options, message):
    with pytest.raises(EdgebertError, match=message):
        AugmentationOptions(**options)


def test_a_distillations_texts_are_made_once_and_again_when_anything_differs(tmp_path):
    labelled = words.write_classify(tmp_path / "train.tsv", count=30)
    plain = tmp_path / "plain.txt"
    plain.write_text("good film\n\nbad plot\n")
    transfer, folder = TransferSet((plain,), labelled), tmp_path / "out" / "augmented"
    first = Doubling()
    found = augment_transfer_set(transfer, first, AugmentationOptions(), folder)
    assert found.texts[0] == plain
    assert found.labelled == labelled
    assert first.asked == 32
    new = [text.text for text, label in found.read() if label is None]
    assert {"good film", "goodgood film"} <= set(new)
    again = Doubling()
    assert augment_transfer_set(transfer, again, AugmentationOptions(), folder) == found
    assert not again.asked
    plain.write_text("good film\n")
    assert (
        augment_transfer_set(transfer, again, AugmentationOptions(), folder).texts[1]
        != found.texts[1]
    )
    assert (
        augment_transfer_set(transfer, again, AugmentationOptions(seed=2), folder).texts[1]
        != found.texts[1]
    )
    unfinished = progress_path(found.texts[1])
    assert not unfinished.exists()
