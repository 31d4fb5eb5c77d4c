"""Mistyped arguments of the public functions: one line that says what is needed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

import edgebert
from edgebert.arguments import checked_arguments
from edgebert.errors import EdgebertError

_CASES: Sequence[tuple[Callable[..., Any], Sequence[Any], Mapping[str, Any], str]] = (
    (edgebert.convert, ("x", "y"), {"max_loss": "0.1"}, "max_loss is '0.1'; needed: a number"),
    (
        edgebert.convert,
        ("x", "y"),
        {"lengths": 32},
        "lengths is 32; needed: a list of whole numbers",
    ),
    (edgebert.convert, ("x", "y"), {"lengths": "32"}, "a list of whole numbers"),
    (edgebert.convert, ("x", "y"), {"lengths": [True]}, "a list of whole numbers"),
    (edgebert.convert, ("x", 3), {}, "output is 3; needed: a path"),
    (edgebert.convert, ("x", "y"), {"prompts": {"query": 3}}, "a dict from text to text"),
    (edgebert.convert, ("x", "y"), {"force": 1}, "force is 1; needed: True or False"),
    (edgebert.evaluate, ("intents", None), {}, "data is None; needed: a path"),
    (edgebert.compare, ("intents", "intents", 3), {}, "data is 3; needed: a path"),
    (edgebert.compare, ("a", "b", "c"), {"gate": 0.1}, "gate is 0.1; needed: a Gate"),
    (edgebert.evaluate, (3, "c"), {}, "model is 3; needed: a Model or a path"),
    (edgebert.benchmark, (None,), {}, "models is None; needed: a path or a list of paths"),
    (edgebert.benchmark, ("x",), {"threads": "2"}, "a whole number or a list of whole numbers"),
    (edgebert.benchmark, ("x",), {"progress": 3}, "progress is 3; needed: a function"),
    (edgebert.search, ("x", "y", 3), {}, "query is 3; needed: text"),
    (edgebert.open_search, ("x", "y"), {}, "model is 'x'; needed: a Model"),
)


@pytest.mark.parametrize(("function", "args", "options", "message"), _CASES)
def test_an_argument_of_another_type_is_named_with_what_is_needed(
    function: Callable[..., Any], args: Sequence[Any], options: Mapping[str, Any], message: str
) -> None:
    with pytest.raises(EdgebertError) as caught:
        function(*args, **options)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@checked_arguments
def _several(
    path: str | Path, sizes: Sequence[float] | None = None, names: Mapping[str, int] | None = None
) -> tuple[Any, ...]:
    return path, sizes, names


@pytest.mark.parametrize(
    ("args", "options"),
    [
        (("a",), {}),
        ((Path("a"), [1, 2.5]), {}),
        (("a",), {"sizes": (), "names": {"b": 1}}),
        (("a", None, None), {}),
    ],
)
def test_what_the_annotations_allow_goes_through_unchanged(
    args: tuple[Any, ...], options: Mapping[str, Any]
) -> None:
    expected = (*args, None, None)[:3] if not options else (*args, *options.values())
    assert _several(*args, **options) == expected


@pytest.mark.parametrize("sizes", ["12", b"12", [1, "2"], [True], {1: 2}, 3, [None]])
def test_a_list_of_numbers_is_neither_a_string_nor_a_list_of_others(sizes: Any) -> None:
    with pytest.raises(EdgebertError, match=r"sizes is .*; needed: a list of numbers"):
        _several("a", sizes)


def test_a_long_value_is_cut_off_in_the_message() -> None:
    with pytest.raises(EdgebertError) as caught:
        _several("a", ["x" * 1000])
    assert len(str(caught.value)) < 120


def test_a_missing_or_unknown_argument_is_a_type_error_as_everywhere_in_python() -> None:
    with pytest.raises(TypeError, match="missing a required argument: 'path'"):
        _several()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="unexpected keyword argument 'other'"):
        _several("a", other=1)  # type: ignore[call-arg]


@pytest.mark.parametrize("wrong", [3, "12", [1, "2"], [1.5], {"a": 1}])
@pytest.mark.parametrize("name", ["ids", "segment_ids", "positions"])
def test_ids_that_are_no_whole_numbers_are_refused(name: str, wrong: Any) -> None:
    with edgebert.load("intents") as model, pytest.raises(EdgebertError, match=f"^{name} is "):
        model.run_ids(**{"ids": [101, 102], name: wrong})


@pytest.mark.parametrize("wrong", [None, 3, "one text"])
def test_a_batch_that_is_not_many_texts_is_refused(wrong: Any) -> None:
    with edgebert.load("intents") as model, pytest.raises(EdgebertError, match="is many texts"):
        list(model.batch(wrong))


@pytest.mark.parametrize("wrong", ["x", None, float("nan"), -0.1])
def test_a_gate_takes_a_number_from_0_on(wrong: Any) -> None:
    with pytest.raises(EdgebertError, match=r"^max drop is .*; a number from 0 on is needed"):
        edgebert.Gate(wrong)


@pytest.mark.parametrize("wrong", [None, 3, {}])
def test_what_is_no_text_is_no_benchmark_report(wrong: Any) -> None:
    with pytest.raises(EdgebertError, match=r"^not a benchmark report"):
        edgebert.BenchmarkReport.from_json(wrong)


def test_infer_takes_what_tokenize_gives_and_watch_a_function() -> None:
    with edgebert.load("intents") as model:
        with pytest.raises(EdgebertError, match=r"^infer runs what tokenize gives; str was given"):
            model.infer("Where is my card?")  # type: ignore[arg-type]
        with pytest.raises(EdgebertError, match=r"^watch takes a function; int was given"):
            model.watch(3)  # type: ignore[arg-type]
        assert model.infer(model.tokenize("Where is my card?")) == model.reply("Where is my card?")
