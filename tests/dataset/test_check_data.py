"""Faults that are planted in clean data are found, and nothing else is."""

import json
import random
import textwrap
from pathlib import Path

import pytest
from typer.testing import CliRunner

from edgebert.cli.main import app
from edgebert.dataset.check import check_data
from edgebert.dataset.checked import CheckedData
from edgebert.dataset.samples import Kind, kind_of, read_samples
from edgebert.errors import EdgebertError
from edgebert.tokenizer.options import TokenizerOptions
from edgebert.tokenizer.tokenizer import Tokenizer

ROOT = Path(__file__).parents[2]
CLASSIFY = Kind("classify")
LETTERS = "abcdefghijklmnopqrstuvwxyz"
TOKENIZER = Tokenizer(
    ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *LETTERS, *(f"##{letter}" for letter in LETTERS)],
    TokenizerOptions(max_length=128),
)


def clean(split):
    """Rows with three labels and texts that have little in common."""
    numbers = random.Random(split)  # noqa: S311 - the same each time
    texts = ["".join(numbers.choices(LETTERS, k=48)) for _ in range(120)]
    return [
        {"text": " ".join(textwrap.wrap(text, 6)), "label": f"label{at % 3}"}
        for at, text in enumerate(texts)
    ]


def checked(tmp_path, train, dev, kind=CLASSIFY, **options):
    samples = []
    for split, rows in (("train", train), ("dev", dev)):
        path = tmp_path / f"{split}.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        samples += read_samples([path], split, kind)
    return check_data(CheckedData(samples, kind, TOKENIZER, **options))


def leak(train, dev):
    dev[7]["text"] = f"  {train[3]['text'].upper()}! "


def near_leak(train, dev):
    dev[7]["text"] = f"{train[3]['text']} too"


def repeat(train, dev):
    train.append(dict(train[3]))


def near_repeat(train, dev):
    train.append({**train[3], "text": f"{train[3]['text']} too"})


def contradict_once(train, dev):
    train.append({**train[3], "label": "label2"})


def contradict_often(train, dev):
    train += [{**row, "label": "label1"} for row in train[:30:3]]


def twins_by_case(train, dev):
    for row in train[:30:3]:
        row["label"] = "LABEL0"


def twins_by_space(train, dev):
    for row in train[:30:3]:
        row["label"] = "label0 "


def twins_by_hyphen(train, dev):
    for row in train[:30:3]:
        row["label"] = "label-0"


def empty(train, dev):
    train[5]["text"] = " \t "


def invisible(train, dev):
    train[5]["text"] = "\u200b\ufeff\u00a0"


def damaged(train, dev):
    train[5]["text"] += " itâ€™s"


def single_row(train, dev):
    train[5]["label"] = "other"


def few_rows(train, dev):
    for row in train[:3]:
        row["label"] = "other"
    dev[0]["label"] = "other"


def joined(train, dev):
    for row in [*train[:9], *dev[:9]]:
        row["label"] = "label0|label1"


def text_as_label(train, dev):
    for row in [*train, *dev]:
        row["label"], row["text"] = row["text"], row["label"]


def one_label(train, dev):
    for row in [*train, *dev]:
        row["label"] = "label0"


def unseen(train, dev):
    for row in dev[:6]:
        row["label"] = "new"


def unjudged(train, dev):
    for row in dev:
        row["label"] = row["label"].replace("label2", "label1")


def imbalanced(train, dev):
    for at, row in enumerate(train):
        row["label"] = row["label"] if at < 12 else "label0"


def too_long(train, dev):
    train[5]["text"] = "abcdef " * 40


def unknown(train, dev):
    for row in train[::2]:
        row["text"] += " 123 45"


def small(train, dev):
    del dev[30:]


PLANTED = {
    leak: "leak",
    near_leak: "near-leak",
    repeat: "duplicates",
    near_repeat: "near-duplicates",
    contradict_once: "contradiction",
    contradict_often: "contradiction",
    twins_by_case: "label-twins",
    twins_by_space: "label-twins",
    twins_by_hyphen: "label-twins",
    empty: "empty-text",
    invisible: "empty-text",
    damaged: "damaged-text",
    single_row: "single-row",
    few_rows: "few-rows",
    joined: "joined-labels",
    text_as_label: "label-is-text",
    one_label: "one-label",
    unseen: "unseen-label",
    unjudged: "unjudged-label",
    imbalanced: "imbalance",
    too_long: "truncated",
    unknown: "unknown-pieces",
    small: "small-split",
}
ERRORS = {
    *("leak", "label-twins", "empty-text", "single-row", "joined-labels", "label-is-text"),
    *("one-label", "unseen-label"),
}


def test_nothing_is_found_in_clean_data(tmp_path):
    report = checked(tmp_path, clean("train"), clean("dev"))
    assert report.findings == ()
    assert report.rows == {"train": 120, "dev": 120}
    assert report.labels == {"label0": 80, "label1": 80, "label2": 80}
    # 8 words of 6 letters, each a piece, between [CLS] and [SEP].
    assert report.tokens == {"median": 50, "p95": 50, "most": 50, "limit": 128, "unknown": 0}


@pytest.mark.parametrize("plant", PLANTED, ids=lambda plant: plant.__name__)
def test_a_planted_fault_is_found(tmp_path, plant):
    train, dev = clean("train"), clean("dev")
    plant(train, dev)
    report = checked(tmp_path, train, dev)
    (finding,) = [each for each in report.findings if each.name == PLANTED[plant]]
    is_error = finding.name in ERRORS or plant is contradict_often
    assert finding.severity == ("error" if is_error else "warning")
    assert finding.count
    assert len(finding.message) < 200


@pytest.mark.parametrize(
    ("label", "name"), [("nan", "not-a-number"), ("high", "not-a-number"), ("1e6", "outlier")]
)
def test_scores_that_are_none_are_found(tmp_path, label, name):
    train = [{**row, "label": at / 25} for at, row in enumerate(clean("train"))]
    dev = [{**row, "label": at / 25} for at, row in enumerate(clean("dev"))]
    assert checked(tmp_path, train, dev, Kind("regress")).findings == ()
    train[4]["label"] = label
    (finding,) = checked(tmp_path, train, dev, Kind("regress")).findings
    assert (finding.name, finding.places) == (name, (f"{tmp_path / 'train.jsonl'}, line 5",))


def test_texts_of_test_that_stand_in_dev_are_a_leak(tmp_path):
    rows = {split: clean(split) for split in ("train", "dev", "test")}
    rows["test"][4]["text"] = f"{rows['dev'][8]['text'].upper()}!"
    rows["test"][5]["text"] = f"{rows['dev'][9]['text']} too"
    rows["test"][6]["text"] = rows["dev"][6]["text"] = rows["train"][6]["text"]
    samples = []
    for split, each in rows.items():
        path = tmp_path / f"{split}.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in each))
        samples += read_samples([path], split, CLASSIFY)
    for allowed, severity in ((False, "error"), (True, "warning")):
        report = check_data(CheckedData(samples, CLASSIFY, None, allowed))
        leaks = [each for each in report.findings if each.name.endswith("leak")]
        assert sorted((each.name, each.severity, each.count) for each in leaks) == [
            ("leak", severity, 1),
            ("leak", severity, 2),
            ("near-leak", "warning", 1),
        ]
        assert "texts of test that stand in dev too: 1 row" in str(report.to_json())


def test_sentences_with_the_same_words_and_other_tags_contradict_each_other(tmp_path):
    path = tmp_path / "names.conll"
    sentences = [f"Ada{at} B-PER\nsaw O\nBob{at} B-PER\n" for at in range(20)]
    path.write_text("\n".join([*sentences, sentences[3].replace("Bob3 B-PER", "Bob3 I-PER")]))
    kind = Kind("tag")
    report = check_data(CheckedData(read_samples([path], "train", kind), kind))
    assert [each.count for each in report.findings if each.name == "contradiction"] == [2]


def test_a_label_of_spaces_cannot_be_read(tmp_path):
    path = tmp_path / "train.csv"
    path.write_text("text,label\nI lost it,card\nI found it, \n")
    result = CliRunner().invoke(app, ["check-data", str(path)])
    assert result.exit_code == 1
    assert "unreadable: cannot be read: 1 row; 'label' is \" \"; a label or number" in result.stdout
    several = [row.labels for row in read_samples([path], "train", Kind("classify", True))]
    assert several == [("card",), ()]


def test_a_leak_may_be_allowed(tmp_path):
    train, dev = clean("train"), clean("dev")
    leak(train, dev)
    assert checked(tmp_path, train, dev, allow_leak=True).errors == ()


def test_pairs_are_the_same_where_both_texts_are(tmp_path):
    rows = [
        {"sentence1": "the same words here", "sentence2": row["text"], "label": row["label"]}
        for row in clean("train")
    ]
    assert checked(tmp_path, rows, clean("dev")).findings == ()


@pytest.mark.parametrize(
    ("rows", "kind"),
    [
        ('{"text": "a", "label": "x"}', Kind("classify")),
        ('{"text": "a", "label": 3}', Kind("classify")),
        ('{"text": "a", "label": 3.5}', Kind("regress")),
        ('{"text": "a", "label": 5.0}', Kind("regress")),
        ("\n".join(f'{{"text": "a", "label": {at}}}' for at in range(30)), Kind("regress")),
        ('{"text": "a", "label": ["x", "y"]}', Kind("classify", multi_label=True)),
        ('{"query": "a", "positive": "b"}', Kind("embed")),
        ("Berlin B-LOC\nis O\n", Kind("tag")),
    ],
)
def test_the_task_is_read_from_the_data(tmp_path, rows, kind):
    path = tmp_path / "data.txt"
    path.write_text(rows)
    assert kind_of(path) == kind


def test_a_file_of_something_else_is_one_line(tmp_path):
    path = tmp_path / "data.txt"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(EdgebertError, match=r"data.txt: found no text column; .*--text-column"):
        kind_of(path)


def test_the_command_tells_faults_and_fails(tmp_path):
    data = ROOT / "tests/data/banking77"
    arguments = ["check-data", str(data / "train.csv"), "--test", str(data / "test.csv")]
    result = CliRunner().invoke(app, arguments, env={"COLUMNS": "100"})
    assert result.exit_code == 1
    assert "classify: train 10,003, test 3,080 rows, 77 labels\n" in result.stdout
    assert "✗ leak: texts of dev or test that stand in train too: 25 rows;" in result.stdout
    assert result.stderr == f"failed: {data / 'train.csv'}: leak\n"

    result = CliRunner().invoke(app, [*arguments, "--allow-leak", "--json"])
    assert result.exit_code == 0
    report = json.loads(result.stdout)
    assert report["findings"][0]["name"] == "leak"
    assert report["findings"][0]["severity"] == "warning"


def test_a_file_without_a_heading_is_read_with_names(tmp_path):
    train = tmp_path / "train.csv"
    train.write_text("".join(f"{row['label']};{row['text']}\n" for row in clean("train")))
    command = ["check-data", str(train), "--columns", "label,text"]
    result = CliRunner().invoke(app, command)
    assert (result.exit_code, result.stdout) == (
        0,
        "classify: train 120 rows, 3 labels\n✓ no fault found\n",
    )


def test_all_rows_that_cannot_be_read_are_told(tmp_path):
    rows = [f"{row['text']},{row['label']}" for row in clean("train")]
    rows[4] += ",more"
    rows[9] = rows[9].replace("label0", "")
    rows[30] = "alone"
    train = tmp_path / "a, line 3: train.csv"
    train.write_text("\n".join(["text,label", *rows]) + "\n")
    result = CliRunner().invoke(app, ["check-data", str(train), "--json"])
    assert result.exit_code == 1
    (finding,) = json.loads(result.stdout)["findings"]
    assert (finding["name"], finding["count"]) == ("unreadable", 3)
    assert finding["message"] == (
        "cannot be read: 3 rows; number of fields is 3, the header names 2; 'label' is empty; a "
        "label or number is needed; number of fields is 1, the header names 2"
    )
    assert finding["places"] == [f"{train}, line {at}" for at in (6, 11, 32)]
    train.write_text("text,label\na\nb,c,d\n")
    result = CliRunner().invoke(app, ["check-data", str(train)])
    assert result.exit_code == 2
    assert "line 2: number of fields is 1, the header names 2" in result.stderr


def test_a_query_that_cannot_be_read_is_told_with_all_others(tmp_path):
    train = tmp_path / "train.jsonl"
    rows = [{"anchor": row["text"], "positive": row["text"][::-1]} for row in clean("train")]
    rows[3]["anchor"], rows[8]["positive"] = 5, None
    train.write_text("".join(json.dumps(row) + "\n" for row in rows))
    result = CliRunner().invoke(app, ["check-data", str(train), "--json"])
    assert result.exit_code == 1
    (finding,) = json.loads(result.stdout)["findings"]
    assert (finding["name"], finding["count"]) == ("unreadable", 2)
    assert finding["places"] == [f"{train}, line {at}" for at in (4, 9)]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--max-length", "9"], "--max-length counts the tokens of a model: add --model"),
        (["--task", "answer"], "task 'answer': data is checked for classify, regress, tag, embed"),
        (["--task", "tag", "--multi-label"], "several labels a text are for classify, not for tag"),
    ],
)
def test_wrong_use_is_one_line(arguments, said):
    result = CliRunner().invoke(app, ["check-data", "x.csv", *arguments])
    assert (result.exit_code, result.stderr) == (2, f"error: {said}\n")


@pytest.mark.parametrize("length", ["2", "513"])
def test_a_length_that_the_model_cannot_have_is_refused(tmp_path, length):
    model = ROOT / "tests" / "data" / "reference" / "hf_pretraining_2x32"
    most = json.loads((model / "config.json").read_text())["max_position_embeddings"]
    (tmp_path / "train.csv").write_text("text,label\nI lost it,card\n")
    arguments = [str(tmp_path / "train.csv"), "--model", str(model), "--max-length", length]
    result = CliRunner().invoke(app, ["check-data", *arguments])
    said = f"error: --max-length is {length}; {model} takes 3 to {most}\n"
    assert (result.exit_code, result.stderr) == (2, said)


def test_a_wrong_line_of_a_conll_file_is_named(tmp_path):
    (tmp_path / "names.conll").write_text("EU B-ORG\nrejects\n", encoding="utf-8")
    result = CliRunner().invoke(app, ["check-data", str(tmp_path / "names.conll")])
    assert result.exit_code == 2
    assert "names.conll, line 2: one column; a word and a tag are needed" in result.output
