"""What a report says of runs on an accelerator."""

from dataclasses import replace

import pytest

from edgebert.benchmarking.report.accelerated import accelerated
from edgebert.benchmarking.report.html import to_html
from tests.benchmarking.reports import device, model, report, run, tokens

CPU = run(ms=1.0)
GPU = replace(run(ms=0.5), accelerator="gpu", accelerated=0.9)


@pytest.mark.parametrize(
    ("runs", "ratio"),
    [((CPU, GPU), (1, 0, 0.5, 0.4, 0.8)), ((GPU, CPU), (1, 0, 2.0, 1.25, 2.5))],
    ids=["gpu by cpu", "cpu by gpu"],
)
def test_share_of_the_graph_and_the_time_beside_the_cpu(runs, ratio):
    (line,) = accelerated(device(*runs, ratios=[ratio]))
    assert line == (
        "tiny, questions: the gpu ran 90% of the graph, in 0.50 times the time of the cpu "
        "(0.40 to 0.80)"
    )


def test_runs_on_the_cpu_and_ratios_of_other_models_and_inputs_are_passed_over():
    other = replace(CPU, model=model("other"))
    longer = replace(CPU, input=tokens(64))
    ratios = [(1, 0, 0.5, 0.4, 0.6), (1, 2, 0.7, 0.6, 0.8)]
    (line,) = accelerated(device(other, GPU, longer, ratios=ratios))
    assert line == "tiny, questions: the gpu ran 90% of the graph"


def test_a_page_says_it_and_names_the_two_runs_apart():
    page = to_html(report(device(CPU, GPU)))
    assert "the gpu ran 90% of the graph" in page
    assert "tiny (gpu)" in page
