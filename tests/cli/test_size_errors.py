"""Wrong use of what makes files smaller: one line, and nothing is written or lost."""

import shutil

import pytest
from typer.testing import CliRunner

from edgebert.cli.main import app
from tests.conftest import REFERENCE, SOURCES

SOURCE = REFERENCE / SOURCES["classify"]
TEXTS = {
    "texts.txt": "Where is my card?\n" * 40,
    "digits.txt": "1 2 3\n" * 40,
    "signs.txt": "?! …\n" * 40,
    "controls.txt": "\u202e\n" * 40,
    "blank.txt": " \n" * 40,
    "few.txt": "a text\n" * 3,
    "columns.csv": "a,b\n" + "x,y\n" * 40,
    "numbers.jsonl": '{"text": 1}\n' * 40,
}
KEPT = "--vocabulary-from"
CASES = [
    ([KEPT, "digits.txt"], "no letter in its 40 texts"),
    ([KEPT, "signs.txt"], "no letter in its 40 texts"),
    ([KEPT, "controls.txt"], "no letter in its 40 texts"),
    ([KEPT, "blank.txt"], "0 texts to choose word pieces from"),
    ([KEPT, "few.txt"], "3 texts to choose word pieces from"),
    ([KEPT, "missing.txt"], "No such file"),
    ([KEPT, "."], "not an ordinary file"),
    ([KEPT, "bytes.txt"], "line 1: not UTF-8"),
    ([KEPT, "columns.csv"], "found no text column"),
    ([KEPT, "numbers.jsonl"], "line 1: 'text' or its pair is no text"),
    ([KEPT, "texts.txt", "--vocabulary-size", "-5"], "give a number between"),
    ([KEPT, "texts.txt", "--vocabulary-size", "1e3"], "invalid value for '--vocabulary-size'"),
    (["--vocabulary-size", "500"], "add --vocabulary-from"),
    (["--quantize", ""], "quantize '' is unknown"),
    (["--quantize", "w3-t4-a8"], "long names such as w8-t8-a8"),
    (
        ["--quantize", "w4-t4-a8", "--runtime", "litert-2.2"],
        "quantize int4 is for --runtime litert",
    ),
    (["--quantize", "w8-t4-a8-fine", "--runtime", "tflite-runtime"], "is for --runtime litert"),
    (["--quantize", "w8-t4-a8-full"], "no op of TFLite gives whole numbers from an int4 table"),
    (["--quantize", "w8-t8-a8", "--for", "pi5"], "give one of the two"),
    (["--quantize", "int4", "--calibration", "blank.txt"], "0 texts to calibrate with"),
    (["--quantize", "int4", "--calibration", "missing.txt"], "No such file"),
    (["--quantize", "int4", "--mixed", "maybe"], "accepted: none, auto"),
    (["--quantize", "int4", "--max-drop", "0.01"], "add --check DATA"),
    (["--quantize", "int4", "--length", "4"], "takes 8 to 128 tokens"),
    (["--quantize", "w8-t4-a8", "--calibration", "texts.txt"], "not for w8-t4-a8"),
    (["--quantize", "w8-t4-a8-static", "--max-loss", "2"], "above 0 and below 1"),
    (["--quantize", "w8-t4-a8", "--target", "ethos-u65"], "takes no float32"),
    ([KEPT, "texts.txt", "--force", "--output", "texts.txt"], "texts.txt: is the input"),
    (
        ["--quantize", "int4", "--calibration", "few.txt", "--force", "--output", "few.txt"],
        "few.txt: is the input",
    ),
]


@pytest.mark.parametrize(("options", "words"), CASES, ids=lambda case: " ".join(case)[:50])
def test_wrong_use_is_one_line_and_leaves_every_file_alone(tmp_path, monkeypatch, options, words):
    monkeypatch.chdir(tmp_path)
    for name, content in TEXTS.items():
        (tmp_path / name).write_text(content, "utf-8")
    (tmp_path / "bytes.txt").write_bytes(b"\xff\xfe" * 50)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    output = [] if "--output" in options else ["--output", "x.tflite"]
    result = CliRunner().invoke(app, ["convert", str(SOURCE), *options, *output])
    assert result.exit_code == 2
    assert len(result.stderr.strip().splitlines()) == 1
    assert words in result.stderr
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_source_is_not_replaced_by_what_is_made_of_it(tmp_path):
    archive = shutil.make_archive(str(tmp_path / "source"), "zip", SOURCE)
    result = CliRunner().invoke(app, ["convert", archive, "--output", archive, "--force"])
    assert result.exit_code == 2
    assert "source.zip: is the input" in result.stderr
    assert list(tmp_path.iterdir()) == [tmp_path / "source.zip"]
