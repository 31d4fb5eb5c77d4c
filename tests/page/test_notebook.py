"""What a notebook shows of models, reports and comparisons."""

import re

import edgebert
from tests.benchmarking.reports import HOSTILE, device, model, report, run
from tests.conftest import REFERENCE


def cells(shown):
    html = shown._repr_html_()
    assert html.startswith("<table><caption>")
    return re.findall(r"<t[hd](?: [^>]*)?>(.*?)</t[hd]>", html)


def test_a_model_an_evaluation_and_a_comparison(tmp_path):
    data = tmp_path / "data.csv"
    data.write_text("text,label\nI lost my card,lost_or_stolen_card\nMy PIN,change_pin\n")
    with edgebert.load("intents") as loaded:
        shown = cells(loaded)
        assert shown[:6] == ["task", "classify", "size", "2 layers of 128", "weights", "int8"]
    found = edgebert.evaluate("intents", data)
    value = f"{found.metrics['accuracy']:.4f}"
    assert cells(found)[4:6] == ["accuracy", value]
    same = edgebert.compare("intents", "intents", data)
    assert cells(same)[5:9] == ["accuracy", value, value, "+0.0000"]


def test_a_conversion_and_a_benchmark(tmp_path):
    made = edgebert.convert(REFERENCE / "hf_classifier_2x32", tmp_path / "x.tflite")
    assert cells(made)[:4] == ["task", "classify", "weights", "int8"]
    benchmark = report(device(run(model(HOSTILE))))
    shown = cells(benchmark)
    assert shown[:5] == ["model", "device", "input", "p50 ms", "MB"]
    assert "<script" not in benchmark._repr_html_()
    assert shown[7] == "questions"
