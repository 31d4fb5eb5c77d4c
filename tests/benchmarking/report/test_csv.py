"""The report as CSV: one row a run, readable by any reader, harmless in a spreadsheet."""

import csv
import io

import pytest

from edgebert.benchmarking.report.csv import to_csv
from tests.benchmarking.reports import HOSTILE, device, model, report, run, sample, tokens


def read(source):
    return list(csv.DictReader(io.StringIO(to_csv(source), newline="")))


def test_a_row_for_each_run_of_each_device():
    found = read(sample())
    runs = [(each.name, one) for each in sample().devices for one in each.runs]
    assert len(found) == len(runs) == 24
    for row, (where, one) in zip(found, runs, strict=True):
        assert (row["device"], row["model"]) == (where, one.model.name)
        assert float(row["p50_ms"]) == pytest.approx(one.stats.p50 / 1000)
        assert int(row["file_bytes"]) == one.model.bytes


def test_figures_carry_their_unit():
    (row,) = read(report(device(run(ms=2, accuracy=0.9, given=tokens(32)))))
    expected = {
        "input": "32 tokens", "tokens": "32", "p50_ms": "2", "tokenize_p50_ms": "0.2",
        "invoke_p50_ms": "1.8", "private_added_bytes": "5000000", "mapped_added_bytes": "4000000",
        "peak_bytes": "60000000", "import_ms": "60", "load_compiled_ms": "", "load_cached_ms": "3",
        "accuracy": "0.9",
        "metric": "accuracy", "joules_per_1000": "", "cores": "", "answers": "50", "rounds": "10",
    }  # fmt: skip
    assert {name: row[name] for name in expected} == expected


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@x", " =1", "\t=1", HOSTILE, 'a,"b"\nc'])
def test_names_are_text_to_a_spreadsheet(name):
    (row,) = read(report(device(run(model(name)))))
    assert not row["model"].lstrip().startswith(("=", "+", "-", "@"))
    assert row["model"].isprintable()
    assert row["p50_ms"] == "1"
