"""`edgebert convert --quantize int8-full` as a user sees it: options, targets, reports, errors."""

import json

import pytest

from tests.cli.test_convert_run_inspect import CLASSIFIER, assert_one_line_error, call

FULL = ("--quantize", "int8-full", "--length", "16")


@pytest.fixture(scope="module")
def texts(tmp_path_factory):
    """Enough text to calibrate with."""
    path = tmp_path_factory.mktemp("calibration") / "texts.txt"
    path.write_text("".join(f"Where is card number {at}?\n" for at in range(40)))
    return path


def test_a_conversion_tells_of_whole_numbers_and_writes_a_report(tmp_path, texts):
    file, page = tmp_path / "x.tflite", tmp_path / "q.html"
    options = ["--length", "24", "--calibration", texts, "--quantization-report", page]
    result = call("convert", CLASSIFIER, "-o", file, *FULL, *options)
    assert result.exit_code == 0, result.stderr
    for word in ("16, 24 tokens of ids", "40 texts", "texts.txt", "channel scales", "plain graph"):
        assert word in result.stdout, word
    assert "warning" not in result.stderr
    assert page.read_text().startswith("<!doctype html>")
    data = json.loads(call("inspect", file, "--json", "--selftest").stdout)
    assert data["real"] == []
    assert data["types"].keys() == {"int8", "int32"}
    assert [graph["signature"] for graph in data["graphs"]] == ["length_16", "length_24"]
    assert data["record"]["integer"]["lengths"] == [16, 24]
    assert data["selftest"]["failures"] == []


def test_a_target_gets_a_file_that_it_takes_whole(tmp_path, texts):
    file = tmp_path / "x.tflite"
    options = ["--calibration", texts, "--target", "nnapi"]
    result = call("convert", CLASSIFIER, "-o", file, *FULL, *options)
    assert result.exit_code == 0, result.stderr
    data = json.loads(call("inspect", file, "--json", "--selftest").stdout)
    assert data["targets"]["nnapi"]["unsupported"] == []
    assert any(op.startswith("CONV_2D") for op in data["ops"])
    assert data["selftest"]["failures"] == []


def test_a_target_that_lacks_an_op_refuses_and_keeps_nothing(tmp_path, texts):
    options = ["--quantize", "int16x8", "--length", "16", "--calibration", texts]
    options += ["--target", "nnapi"]
    result = call("convert", CLASSIFIER, "-o", tmp_path / "x.tflite", *options)
    assert_one_line_error(result, "Android NNAPI", "takes no int16")
    options = ["--quantize", "int8", "--target", "gpu"]
    result = call("convert", CLASSIFIER, "-o", tmp_path / "x.tflite", *options)
    assert result.exit_code == 1
    (line,) = [line for line in result.stderr.splitlines() if not line.startswith("INFO")]
    assert line.startswith("failed: GPU by LiteRT")
    assert list(tmp_path.iterdir()) == []


def test_ranges_from_our_own_sentences_come_with_a_warning(tmp_path):
    result = call("convert", CLASSIFIER, "-o", tmp_path / "x.tflite", *FULL)
    assert result.exit_code == 0, result.stderr
    assert "--calibration" in result.stderr


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--length", "1000"], ("length 1000", "8 to 128")),
        (["--length", "4"], ("length 4", "8 to 128")),
        (["--inputs", "ids,mask"], ("ids,mask,segment_ids",)),
        (["--calibration", "nowhere.txt"], ("nowhere.txt",)),
        (["--calibration", "two.txt"], ("2 texts", "at least 32")),
        (["--calibration", "empty.txt"], ("0 texts", "at least 32")),
        (["--mixed", "much"], ("none, auto",)),
        (["--target", "vpu"], ("any, qnn, nnapi",)),
        (["--quantization-report", "q.pdf"], (".html or .json",)),
        (["--quantize", "int8", "--inputs", "ids"], ("inputs", "int8-full and int16x8")),
        (["--task", "tag"], ("tagger",)),
    ],
)
def test_wrong_input_is_one_line(tmp_path, monkeypatch, options, words):
    (tmp_path / "two.txt").write_text("one\ntwo\n")
    (tmp_path / "empty.txt").write_text("\n")
    monkeypatch.chdir(tmp_path)
    result = call("convert", CLASSIFIER, "-o", tmp_path / "x.tflite", *FULL, *options)
    assert_one_line_error(result, *words)
    assert not (tmp_path / "x.tflite").exists()
