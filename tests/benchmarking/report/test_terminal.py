"""The report in a terminal: fits 100 columns, and says what makes figures doubtful."""

import io

import pytest
from rich.console import Console

from edgebert.benchmarking.report.terminal import print_report
from edgebert.benchmarking.result import Energy
from edgebert.errors import EdgebertError
from edgebert.formatting import UNKNOWN
from tests.benchmarking.reports import HOSTILE, device, model, report, run, sample


def printed(source, width=100):
    console = Console(file=io.StringIO(), width=width, highlight=False)
    print_report(source, console)
    return console.file.getvalue()


def line_of(text, *words):
    return next(line for line in text.splitlines() if line.split()[: len(words)] == [*words])


def test_it_fits_100_columns_with_nothing_cut():
    text = printed(sample())
    assert max(map(len, text.splitlines())) <= 100
    assert "…" not in text


def test_long_names_and_large_figures_still_fit():
    long = model("all-MiniLM-L6-v2-finetuned-banking77-distilled-3", size=438_000_000)
    plain = model("all-MiniLM-L6-v2-finetuned-banking77-distilled-3.float32", "float32")
    runs = (run(long, 123_456, accuracy=0.9123), run(plain, 223_456, accuracy=0.9123))
    text = printed(report(device(*runs, ratios=[(1, 0, 1.81, 1.80, 1.82)])))
    assert max(map(len, text.splitlines())) <= 100
    assert "123,456 " in text
    assert "1.81 (1.80 to 1.82)" in text


def test_a_run_is_a_line():
    line = line_of(printed(sample()), "intents_4_256", "questions")
    assert line.split()[2:] == [
        "0.416", "0.478", "0.589", "0.013", "0.393", "11.6", "4.38", "10.8", "0.8919",
    ]  # fmt: skip


def test_energy_has_a_column_where_a_device_can_tell_it():
    text = printed(report(device(run(energy=Energy(2.5, "RAPL")), run(ms=2))))
    assert max(map(len, text.splitlines())) <= 100
    first, second = (line.split() for line in text.splitlines() if " questions " in line)
    assert (first[-1], second[-1]) == ("2.50", UNKNOWN)
    assert "1,000" not in printed(report(device(run(), run(ms=2))))


def test_the_gain_of_the_weight_cache_is_a_line():
    text = printed(sample()).partition("with cache")[2]
    line = line_of(text, "intents_2_128", "questions")
    first = sample().devices[0].runs[0]
    cold, memory = first.cold, first.memory
    own = memory.compiled_baseline.private
    assert own != memory.baseline.private
    expected = [
        *(cold.load_ms + cold.first_ms, cold.load_compiled_ms, cold.load_cached_ms),
        (memory.first.private - memory.baseline.private) / 1e6,
        *((each.private - own) / 1e6 for each in (memory.compiled, memory.cached)),
    ]
    assert list(map(float, line.split()[2:])) == pytest.approx(expected, rel=0.01)


def test_int8_stands_beside_float32_with_the_interval():
    text = printed(sample()).partition("times as quick")[2]
    line = line_of(text, "intents_4_256", "questions")
    assert line.split("questions")[1].split()[:7] == [
        "0.416", "1.07", "2.58", "(2.55", "to", "2.61)", "11.6",
    ]  # fmt: skip


def test_where_int8_did_not_help_a_sentence_says_so():
    text = " ".join(printed(sample()).split())
    assert (
        "intents_2_128, questions: int8 did not help, it is slower: 0.89 times as quick as "
        "float32 (0.88 to 0.90); 4.64 MB instead of 17.8."
    ) in text
    assert text.count("int8 did not help") == 3


def test_throttled_rounds_and_governors_are_marked():
    text = printed(sample())
    assert "governor ondemand (not performance)" in " ".join(text.split())
    assert "3.50!" in text
    assert "! intents_2_128, 128 tokens: 1 of 4 rounds throttled, left out of the figures" in text


def test_a_run_without_figures_is_dashes():
    line = line_of(printed(report(device(run(stats=None)))), "tiny", "questions")
    assert line.split()[2:5] == ["–", "–", "–"]


def test_names_are_text_to_the_terminal():
    text = printed(report(device(run(model(f"[bold]{HOSTILE}[/x]")), name=HOSTILE, board=HOSTILE)))
    assert "[bold]<script>" in text
    assert all(line.isprintable() for line in text.splitlines())


def test_impossible_numbers_are_refused():
    with pytest.raises(EdgebertError, match=r"runs\[0\]\.samples_us\.tokenize\[0\] is -1;"):
        printed(report(device(run(ms=-0.01))))
