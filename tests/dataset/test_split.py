"""Splits: stratified, by seed, without leaks."""

import json
from collections import Counter
from pathlib import Path

import pytest

from edgebert.dataset.check import check_data
from edgebert.dataset.checked import CheckedData
from edgebert.dataset.samples import Kind, read_samples, write_samples
from edgebert.dataset.split import split_samples, without_leaks
from edgebert.errors import EdgebertError

BANKING = Path(__file__).parents[1] / "data/banking77"
SHARES = {"dev": 0.1, "test": 0.2}


@pytest.fixture(scope="module")
def samples():
    return read_samples([BANKING / "test.csv"], "train", Kind("classify"))


def test_every_label_is_split_alike(samples):
    split = split_samples(samples, Kind("classify"), SHARES)
    counts = Counter((sample.label, sample.split) for sample in split)
    for label in {sample.label for sample in samples}:
        # 40 rows each; nearly equal texts stay together, which may add or cost a row.
        assert counts[label, "dev"] in (3, 4, 5)
        assert counts[label, "test"] in (7, 8, 9)


def test_the_seed_decides(samples):
    one, again, other = (
        [sample.split for sample in split_samples(samples, Kind("classify"), SHARES, seed)]
        for seed in (1, 1, 2)
    )
    assert one == again != other


def test_no_text_is_in_two_splits(samples):
    doubled = [*samples, *samples[:500]]
    split = split_samples(doubled, Kind("classify"), SHARES)
    found = {each.name for each in check_data(CheckedData(split, Kind("classify"))).findings}
    assert "duplicates" in found
    assert not found & {"leak", "near-leak"}


def test_a_rare_label_reaches_every_split(tmp_path):
    path = tmp_path / "data.jsonl"
    words = ["north", "river", "copper", "stamp", "lunch", "violet"]
    rows = [{"text": word * 3, "label": "x" if at < 3 else "y"} for at, word in enumerate(words)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    split = split_samples(read_samples([path], "train", Kind("classify")), Kind("classify"), SHARES)
    assert {(sample.label, sample.split) for sample in split} == {
        (label, name) for label in "xy" for name in ("train", "dev", "test")
    }


def test_scores_are_split_by_tenths(tmp_path):
    path = tmp_path / "data.jsonl"
    rows = [{"text": f"{at:b} {at:x} {at * at}", "label": at / 10} for at in range(500)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    split = split_samples(read_samples([path], "train", Kind("regress")), Kind("regress"), SHARES)
    dev = [float(sample.label) for sample in split if sample.split == "dev"]
    assert len(dev) == 50
    assert all(sum(low <= value < low + 5 for value in dev) == 5 for low in range(0, 50, 5))


@pytest.mark.parametrize("shares", [{"dev": 0.5, "test": 0.5}, {"dev": -0.1}])
def test_impossible_shares(samples, shares):
    with pytest.raises(EdgebertError, match="together less than 1"):
        split_samples(samples, Kind("classify"), shares)


def test_rows_of_train_that_are_in_test_go(samples):
    train = read_samples([BANKING / "train.csv"], "train", Kind("classify"))
    test = [sample._replace(split="test") for sample in samples]
    kept, gone = without_leaks([*train, *test])
    assert gone == 25
    assert len(kept) == len(train) + len(test) - 25
    assert [sample for sample in kept if sample.split == "test"] == test
    report = check_data(CheckedData(kept, Kind("classify")))
    assert report.errors == ()


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        ("Berlin B-LOC\nis O\n\nno O\n\n", Kind("tag")),
        ('{"text": "é", "label": "x"}\n', Kind("classify")),
        ('{"text": "a", "text_pair": "b", "label": "0.5"}\n', Kind("regress")),
        ('{"text": "a", "label": "x|y"}\n{"text": "b", "label": ""}\n', Kind("classify", True)),
        ('{"query": "a", "positive": "b"}\n', Kind("embed")),
    ],
)
def test_what_is_written_is_read_again(tmp_path, written, kind):
    path, copy = tmp_path / "data.txt", tmp_path / "copy.txt"
    path.write_text(written)
    write_samples(read_samples([path], "train", kind), copy)
    assert copy.read_text() == written
