"""int8 held against float32: the right two, the right way round."""

import pytest

from edgebert.benchmarking.report.quantized import pairs
from tests.benchmarking.reports import device, model, run, tokens

INT8, FLOAT32 = model("mini"), model("mini.float32", "float32", size=44_000_000)


@pytest.mark.parametrize("ratio", [(1, 0, 2.0, 1.6, 2.5), (0, 1, 0.5, 0.4, 0.625)])
def test_a_ratio_counts_whichever_way_round_it_is_given(ratio):
    (pair,) = pairs(device(run(INT8, 1), run(FLOAT32, 2), ratios=[ratio]))
    assert (pair.int8.name, pair.float32.name) == ("mini", "mini.float32")
    assert (pair.speedup, pair.low, pair.high) == pytest.approx((2.0, 1.6, 2.5))
    assert pair.helped
    assert pair.sentence == (
        "mini, questions: int8 is 2.00 times as quick as float32 (1.60 to 2.50); "
        "4.60 MB instead of 44.0."
    )


@pytest.mark.parametrize(
    ("ratio", "verdict"),
    [
        ((1, 0, 1.01, 0.98, 1.04), "int8 did not help, it is no quicker: 1.01 times"),
        ((1, 0, 0.9, 0.88, 0.92), "int8 did not help, it is slower: 0.90 times"),
    ],
)
def test_what_is_not_quicker_beyond_doubt_did_not_help(ratio, verdict):
    (pair,) = pairs(device(run(INT8), run(FLOAT32), ratios=[ratio]))
    assert not pair.helped
    assert verdict in pair.sentence


def test_of_two_alike_the_one_named_alike_belongs():
    other = model("other.float32", "float32")
    runs = (run(INT8), run(other), run(FLOAT32))
    (pair,) = pairs(device(*runs, ratios=[(1, 0, 3, 3, 3), (2, 0, 2, 2, 2)]))
    assert pair.float32.name == "mini.float32"


def test_the_same_model_is_known_by_its_identity_whatever_the_names():
    int8 = model("b", identity="b")
    runs = (run(int8), run(model("a", "float32", identity="a")))
    (other,) = (run(model("a", "float32", identity="b")),)
    ratios = [(1, 0, 3, 3, 3), (2, 0, 2, 2, 2)]
    (pair,) = pairs(device(*runs, other, ratios=ratios))
    assert pair.speedup == pytest.approx(2)
    assert not pairs(device(*runs, ratios=ratios[:1]))


def test_full_integer_files_are_held_against_float32_too():
    runs = (run(model("mini.full", "int8-full")), run(FLOAT32))
    (pair,) = pairs(device(*runs, ratios=[(1, 0, 3, 3, 3)]))
    assert pair.speedup == pytest.approx(3)


@pytest.mark.parametrize(
    "other",
    [
        run(FLOAT32, given=tokens(32)),
        run(FLOAT32, threads=4),
        run(FLOAT32, engine="tflite-runtime"),
        run(FLOAT32, cores="0-3"),
        run(model("mini.float32", "float32", layers=4)),
        run(model("mini.float32", "float32", task="embed")),
        run(model("mini.float16", "float16")),
    ],
)
def test_what_differs_in_more_than_the_weights_is_no_pair(other):
    assert pairs(device(run(INT8), other, ratios=[(1, 0, 2, 2, 2)])) == ()
