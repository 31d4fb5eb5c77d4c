"""convert, run and inspect as a user sees them: answers, JSON, and wrong input in one line."""

import json
import os
import pickle
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import edgebert
from edgebert.cli.main import app
from tests.conftest import REFERENCE, SOURCES

CLASSIFIER = REFERENCE / SOURCES["classify"]
TF1 = REFERENCE / SOURCES["fill-mask"]


def call(*arguments, **options):
    return CliRunner().invoke(app, [str(a) for a in arguments], **options)


def assert_one_line_error(result, *words):
    assert result.exit_code == 2, result.output
    assert result.stderr.startswith("error: "), result.stderr
    assert result.stderr.count("\n") == 1
    for word in words:
        assert word in result.stderr


# convert


def test_convert_prints_a_report_and_writes_the_file(tmp_path):
    path = tmp_path / "x.tflite"
    result = call("convert", CLASSIFIER, "-o", path)
    assert result.exit_code == 0
    for word in ("negative", "labels", "cosine", "XNNPACK", "TFLite 2.17", "int8"):
        assert word in result.stdout or word == "negative"
    assert edgebert.load(path).labels == ("negative", "neutral", "positive")


def test_convert_as_json(tmp_path):
    result = call("convert", CLASSIFIER, "-o", tmp_path / "x", "--quantize", "float32", "--json")
    report = json.loads(result.stdout)
    assert report["task"] == "classify"
    assert report["quantization"] == "float32"
    assert report["check"]["largest_difference"] < 1e-4
    assert report["bytes"] == (tmp_path / "x").stat().st_size


def test_convert_takes_an_archive(tmp_path):
    archive = shutil.make_archive(str(tmp_path / "model"), "zip", TF1)
    result = call("convert", archive, "-o", tmp_path / "x.tflite", "--task", "encode")
    assert result.exit_code == 0, result.stderr
    assert edgebert.load(tmp_path / "x.tflite").task == "encode"


def test_convert_takes_options(tmp_path):
    labels = tmp_path / "labels.txt"
    labels.write_text("a\nb\nc\n")
    path = tmp_path / "x.tflite"
    result = call("convert", CLASSIFIER, "-o", path, "--labels", labels, "--max-length", "20",
                  "--runtime", "tflite-runtime")  # fmt: skip
    assert result.exit_code == 0, result.stderr
    record = edgebert.load(path).record
    assert (record.labels, record.max_length) == (("a", "b", "c"), 20)
    assert record.minimum_runtime == "2.9"
    path = tmp_path / "y.tflite"
    options = ["--task", "embed", "--pooling", "cls", "--no-normalize"]
    assert call("convert", CLASSIFIER, "-o", path, *options).exit_code == 0
    record = edgebert.load(path).record
    assert (record.task, record.pooling, record.normalize) == ("embed", "cls", False)


def broken(tmp_path, change, source=CLASSIFIER):
    """A copy of a checkpoint with something wrong."""
    folder = tmp_path / "broken"
    shutil.copytree(source, folder)
    change(folder)
    return folder


def edit_config(**changes):
    def change(folder):
        path = folder / "config.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))

    return change


def drop_config(folder):
    (folder / "config.json").unlink()


def cut_weights(folder):
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-100])


def flip_header(folder):
    path = folder / "model.safetensors"
    data = bytearray(path.read_bytes())
    data[7] ^= 0x40
    path.write_bytes(data)


class Evil:
    def __reduce__(self):
        return os.system, ("touch edgebert-was-here",)


def evil_pickle(folder):
    (folder / "model.safetensors").unlink()
    with zipfile.ZipFile(folder / "pytorch_model.bin", "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps({"bert.x": Evil()}, protocol=2))
        archive.writestr("archive/version", "3\n")


def long_vocabulary(folder):
    path = folder / "vocab.txt"
    path.write_text(path.read_text() + "beyond\nthe\ntable\n")


def three_labels_too_many(folder):
    edit_config(id2label={str(i): str(i) for i in range(6)}, num_labels=6)(folder)


WRONG = {
    "no config": (drop_config, "config.json"),
    "config and weights disagree": (edit_config(hidden_size=64), "shape"),
    "a layer missing": (edit_config(num_hidden_layers=3), "layer"),
    "vocabulary size off": (long_vocabulary, "rows"),
    "unknown activation": (edit_config(hidden_act="swish"), "swish"),
    "GPT-2": (edit_config(model_type="gpt2", architectures=["GPT2LMHeadModel"]), "gpt2"),
    "RoBERTa": (
        edit_config(model_type="roberta", architectures=["RobertaForMaskedLM"]),
        "roberta",
    ),
    "truncated weights": (cut_weights, "safetensors"),
    "flipped header": (flip_header, "safetensors"),
    "pickle that calls": (evil_pickle, "pytorch_model.bin"),
    "label count": (three_labels_too_many, "6 labels"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_checkpoint_is_one_line_and_leaves_nothing(tmp_path, name):
    change, word = WRONG[name]
    folder = broken(tmp_path, change)
    result = call("convert", folder, "-o", tmp_path / "x.tflite")
    assert_one_line_error(result)
    assert word.lower() in result.stderr.lower()
    assert [path.name for path in tmp_path.iterdir()] == ["broken"]
    assert not Path("edgebert-was-here").exists()


def test_wrong_sources_are_one_line(tmp_path):
    out = tmp_path / "x.tflite"
    assert_one_line_error(call("convert", "no-such-thing", "-o", out), "accepted")
    (tmp_path / "empty").mkdir()
    assert_one_line_error(call("convert", tmp_path / "empty", "-o", out), "empty")
    with zipfile.ZipFile(tmp_path / "evil.zip", "w") as archive:
        archive.writestr("../evil.txt", "x")
    assert_one_line_error(call("convert", tmp_path / "evil.zip", "-o", out))
    assert not (tmp_path.parent / "evil.txt").exists()
    assert not out.exists()


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (["--task", "tag"], "tagger"),
        (["--task", "sing"], "known"),
        (["--quantize", "int3"], "float16"),
        (["--max-length", "1000"], "128"),
        (["--labels", "nowhere.txt"], "nowhere.txt"),
        (["--pooling", "first", "--task", "embed"], "mean, cls"),
        (["--truncate-dim", "8"], "for the task embed"),
        (["--prompt", "query"], "a name and a text are needed"),
        (["--prompt", "query=q: "], "prompts are for the task embed"),
    ],
)
def test_wrong_options_of_convert_are_one_line(tmp_path, options, word):
    assert_one_line_error(call("convert", CLASSIFIER, "-o", tmp_path / "x", *options), word)
    assert list(tmp_path.iterdir()) == []


def test_convert_does_not_overwrite(classifier, tmp_path):
    path = tmp_path / "x.tflite"
    path.write_text("precious")
    assert_one_line_error(call("convert", CLASSIFIER, "-o", path), "--force")
    assert path.read_text() == "precious"


# run


def test_run_answers_texts_or_the_lines_of_a_file(classifier, tmp_path):
    (tmp_path / "in.txt").write_text("one\nWhere is my card?\n")
    given = call("run", classifier, "one", "Where is my card?")
    lines = given.stdout.splitlines()
    assert [line.split("\t")[2] for line in lines] == ["one", "Where is my card?"]
    assert call("run", classifier, "--input", tmp_path / "in.txt").stdout == given.stdout
    with edgebert.load(classifier) as model:
        assert lines[0].split("\t")[0] == model("one").label


@pytest.mark.parametrize(
    ("name", "key"), [("classify", "scores"), ("embed", "vector"), ("tag", "spans")]
)
def test_run_as_json_reads_stdin(converted, name, key):
    path = converted(name)
    result = call("run", path, "--input", "-", "--json", input="Crème brûlée\n\n")
    answers = [json.loads(line) for line in result.stdout.splitlines()]
    assert [answer["text"] for answer in answers] == ["Crème brûlée", ""]
    assert not any(answer["truncated"] for answer in answers)
    with edgebert.load(path) as model:
        value = model("Crème brûlée")
    found = answers[0][key]
    if name == "classify":
        assert found == pytest.approx(value.scores)
    elif name == "tag":
        assert found == [span._asdict() for span in value]
    else:
        np.testing.assert_allclose(found, value, atol=1e-6)


def test_run_tells_of_truncation(classifier):
    text = "word " * 1000
    assert json.loads(call("run", classifier, text, "--json").stdout)["truncated"]
    assert "cut off after 128 tokens" in call("run", classifier, text).stderr


def test_wrong_use_of_run_is_one_line(classifier, tmp_path):
    assert_one_line_error(call("run", classifier), "--input")
    assert_one_line_error(call("run", tmp_path / "none.tflite", "x"), "none.tflite")
    assert_one_line_error(call("run", __file__, "x"), "not a TFLite file")
    assert_one_line_error(call("run", classifier, "--input", tmp_path / "none.txt"), "none.txt")
    assert_one_line_error(call("run", classifier, "-", "text"), "- is stdin and stands alone")
    assert_one_line_error(call("run", classifier, "x", "--threads", "0"), "threads")
    assert_one_line_error(call("run", classifier, "x", "--engine", "onnx"), "litert")
    output = ["--output", tmp_path / "out"]
    assert_one_line_error(call("run", classifier, "x", *output), "--input FILE")
    assert_one_line_error(call("run", classifier, "x", "--force"), "--output")
    assert_one_line_error(call("run", classifier, "--input", tmp_path, *output), "directory")
    assert_one_line_error(call("run", classifier, "--input", __file__, "--workers", "0"), "workers")
    (tmp_path / "latin1.txt").write_bytes(b"caf\xe9\n")
    assert_one_line_error(call("run", classifier, "--input", tmp_path / "latin1.txt"), "UTF-8")


def test_bytes_that_are_no_text_are_one_line(classifier):
    """On a command line, bytes that are not UTF-8 reach Python as lone surrogates."""
    command = [sys.executable, "-c", "from edgebert.cli.program import main; main()"]
    result = subprocess.run(
        [*command, "run", str(classifier), b"caf\xe9"], capture_output=True, text=True
    )
    assert result.returncode == 2
    errors = [line for line in result.stderr.splitlines() if not line.startswith("INFO")]
    assert len(errors) == 1
    assert "surrogate" in errors[0]


def test_run_takes_a_pair_and_options_of_the_task(classifier, converted):
    with edgebert.load(classifier) as model:
        label, score, text, pair = call("run", classifier, "a", "--pair", "b").stdout.split("\t")
        assert (label, text, pair) == (model("a", "b").label, "a", "b\n")
        assert float(score) == pytest.approx(model("a", "b").score, abs=1e-4)
    result = call("run", converted("fill-mask"), "a [MASK]", "--top", "3", "--json")
    assert len(json.loads(result.stdout)["fills"]) == 3
    assert_one_line_error(call("run", classifier, "a", "--top", "3"), "no option 'top'")
    assert_one_line_error(call("run", classifier, "a", "--scores", "--json"), "no option 'scores'")


@pytest.mark.parametrize(
    ("name", "texts", "words"),
    [
        ("tag", ["Anna lives in Paris"], [":", "0."]),
        ("answer", ["Who?", "--pair", "Anna lives in Paris"], [":", "0."]),
        ("fill-mask", ["the [MASK]"], ["0."]),
        ("embed", ["x"], ["[", "…] (32)"]),
    ],
)
def test_every_answer_has_a_line(converted, name, texts, words):
    result = call("run", converted(name), *texts)
    assert result.exit_code == 0, result.stderr
    assert result.stdout.count("\n") == 1
    for word in words:
        assert word in result.stdout


@pytest.mark.parametrize("task", ["tag", "answer"])
def test_run_gives_all_scores_of_each_word(converted, tmp_path, task):
    pair = ["--pair", "Anna lives"] if task == "answer" else []
    asked = ["run", converted(task), "Anna lives", *pair, "--scores"]
    (line,) = call(*asked, "--json").stdout.splitlines()
    words = json.loads(line)["words"]
    assert [(word["start"], word["end"]) for word in words] == [(0, 4), (5, 10)]
    assert not {"spans", "answer"} & set(json.loads(line))
    source, output = tmp_path / "in.txt", tmp_path / "out.jsonl"
    source.write_text("Anna lives\n")
    call("run", converted(task), "--input", source, "--output", output, *pair, "--scores")
    assert output.read_text() == f"{line}\n"
    assert_one_line_error(call(*asked), "--scores is for --json or --output")


def test_run_writes_an_output_with_the_lines_that_json_prints(classifier, tmp_path):
    source, output = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text('{"text": "a"}\n{"text": "a", "pair": "é"}\n{"text": "%s"}\n' % ("a " * 200))
    result = call("run", classifier, "--input", source, "--output", output)
    assert result.exit_code == 0, result.stderr
    assert result.stdout == f"{output}: 3 texts answered\n"
    assert "cut off, as their lines say: 1 of 3" in result.stderr
    printed = call("run", classifier, "--input", source, "--json").stdout
    assert output.read_text() == printed
    assert [json.loads(line).get("pair") for line in printed.splitlines()] == [None, "é", None]
    assert_one_line_error(call("run", classifier, "--input", source, "--output", output), "--force")
    again = ["--force", "--workers", "2"]
    assert call("run", classifier, "--input", source, "--output", output, *again).exit_code == 0
    assert output.read_text() == printed


def test_run_writes_stdin_to_an_output(classifier, tmp_path):
    output = tmp_path / "out.jsonl"
    assert call("run", classifier, "--input", "-", "--output", output, input="a\nb").exit_code == 0
    assert [json.loads(line)["text"] for line in output.read_text().splitlines()] == ["a", "b"]


@pytest.mark.skipif(os.name != "posix", reason="sends a signal")
def test_ctrl_c_says_how_to_go_on_and_the_same_command_does(classifier, tmp_path):
    source, output = tmp_path / "in.txt", tmp_path / "out.jsonl"
    source.write_text("".join(f"number {number}\n" for number in range(20_000)))
    main = "import sys; from edgebert.cli.program import main; main()"
    command = [sys.executable, "-c", main, "run", classifier, "--input", source, "--output", output]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while process.poll() is None and not (output.exists() and output.stat().st_size):
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "is unfinished: the same command goes on" in errors
    assert "Traceback" not in errors
    lines = output.read_text().count("\n")
    assert 0 < lines < 20_000
    assert call(*map(str, command[3:])).stdout == f"{output}: 20000 texts answered\n"
    texts = [json.loads(line)["text"] for line in output.read_text().splitlines()]
    assert texts == source.read_text().splitlines()


# inspect


def test_inspect_shows_what_is_inside(classifier):
    result = call("inspect", classifier, "--tensors", "--selftest")
    assert result.exit_code == 0
    for word in (
        "negative, neutral, positive", "word table", "FULLY_CONNECTED v12", "TFLite 2.17",
        "embeddings.word", "self-test", "ids int32 [1, n]",
    ):  # fmt: skip
        assert word in result.stdout, word


def test_inspect_as_json_adds_up(classifier):
    data = json.loads(call("inspect", classifier, "--json", "--selftest").stdout)
    assert sum(data["parts"].values()) == data["bytes"] == classifier.stat().st_size
    assert data["record"]["task"] == "classify"
    assert data["selftest"]["failures"] == []
    assert sum(data["ops"].values()) > 50


def test_inspect_of_other_files_is_one_line(tmp_path):
    assert_one_line_error(call("inspect", __file__), "not a TFLite file")
    assert_one_line_error(call("inspect", tmp_path), "folder")


def test_inspect_holds_every_op_against_the_lists_of_targets(classifier):
    told = call("inspect", classifier, "--targets").stdout
    assert "tflite-micro" in told
    assert "ethos-u85" in told
    shown = call("inspect", classifier, "--target", "qnn").stdout
    for word in ("GATHER v2", "✓", "type float32", "docs.qualcomm.com", "ops; not "):
        assert word in shown, word
    assert_one_line_error(call("inspect", classifier, "--target", "vpu"), "unknown; known: any")
    assert "float32 ×" in shown
    assert "not whole: " in shown
    targets = json.loads(call("inspect", classifier, "--json").stdout)["targets"]
    lacking = {each["op"]: each["reason"] for each in targets["qnn"]["unsupported"]}
    assert lacking["MUL"] == "type float32"
    assert "GATHER" not in lacking
    assert targets["qnn"]["sources"][0]["document"]


def test_run_reads_the_columns_that_evaluate_reads(tmp_path, classifier):
    (tmp_path / "x.csv").write_text("frage;label\nWhere, please, is my card?;0\n")
    named = call("run", classifier, "--input", tmp_path / "x.csv", "--text-column", "frage")
    (line,) = named.stdout.splitlines()
    assert line.endswith("Where, please, is my card?")
    unnamed = call("run", classifier, "--input", tmp_path / "x.csv")
    assert unnamed.exit_code == 2
    assert "name it with --text-column" in unnamed.stderr
    useless = call("run", classifier, "a text", "--text-column", "frage")
    assert "are for the texts of --input FILE" in useless.stderr
