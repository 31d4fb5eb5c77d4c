"""`edgebert distill` on the command line."""

import json

import pytest
from typer.testing import CliRunner

pytest.importorskip("tensorflow", reason="TensorFlow is not here: make test-train")

from edgebert.checkpoints.folder import open_folder
from edgebert.checkpoints.writing.hugging_face import write_hugging_face
from edgebert.cli.main import app
from edgebert.train.initialisation import with_task_heads
from tests.train import words

runner = CliRunner()
TEXTS = [text for text, _ in words.sentences(40, 3)]


@pytest.fixture
def command(tmp_path):
    """Gives arguments for a teacher with random weights."""
    teacher = with_task_heads(words.checkpoint(), "classify", ("no", "yes"), 1, None)
    write_hugging_face(teacher, tmp_path / "teacher")
    (tmp_path / "texts.txt").write_text("".join(f"{text}\n" for text in TEXTS))

    def arguments(*further):
        named = ["--teacher", "teacher", "--transfer", "texts.txt", "-o", "out"]
        paths = [str(tmp_path / word) if word[0] != "-" else word for word in named]
        return ["distill", *paths, "--epochs", "1", *further]

    return arguments


def test_a_student_from_the_teachers_own_weights(command, tmp_path):
    result = runner.invoke(app, command("--init", "teacher", "--student", "1/8", "--json"))
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert report["metrics"] == {}
    student = open_folder(tmp_path / "out")
    assert (student.config.num_hidden_layers, student.config.hidden_size) == (1, 8)
    assert student.labels == ("no", "yes")
    assert (tmp_path / "out" / "teacher" / "scores.f32").stat().st_size == len(set(TEXTS)) * 2 * 4


def test_students_of_one_teacher_share_further_texts_and_scores(command, tmp_path):
    shared = ["--scores", str(tmp_path / "scores"), "--init", "teacher", "--augment", "1"]
    scores = tmp_path / "scores" / "teacher" / "scores.f32"
    for number, size in enumerate(("1/8", "1/16")):
        output = ["-o", str(tmp_path / size.replace("/", "-"))]
        result = runner.invoke(app, command(*shared, "--student", size, *output))
        assert result.exit_code == 0, result.output
        if not number:
            scores.write_bytes(bytes(scores.stat().st_size))  # would be computed anew by nobody
    assert not any(scores.read_bytes())
    assert len(list((tmp_path / "scores" / "augmented").glob("*.jsonl"))) == 1
    assert not (tmp_path / "1-16" / "teacher").exists()


@pytest.mark.parametrize(
    ("further", "said"),
    [
        (["--init", "aunt", "--student", "1/8"], "--init is 'aunt'; accepted: student, teacher"),
        (["--init", "teacher", "--student", "small"], "is above the teacher's"),
        (["--init", "teacher", "--student", "x"], "layers and width are needed"),
        (["--student", "nowhere"], "no such checkpoint"),
    ],
)
def test_wrong_input_is_one_line(command, further, said):
    result = runner.invoke(app, command(*further))
    assert result.exit_code == 2
    assert said in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_further_texts_are_made_and_labelled(command, tmp_path):
    further = ["--init", "teacher", "--student", "1/8", "--augment", "3", "--augment-share", "0.5"]
    result = runner.invoke(app, command(*further, "--json"))
    assert result.exit_code == 0, result.output
    (made,) = (tmp_path / "out" / "augmented").iterdir()
    new = {json.loads(line)["text"] for line in made.read_text().splitlines()}
    assert len(new) > len(TEXTS)
    assert json.loads(result.stdout)["examples"] == len(new | set(TEXTS))
    assert runner.invoke(app, command(*further, "--resume")).exit_code == 0
    assert [*(tmp_path / "out" / "augmented").iterdir()] == [made]


def test_who_finds_words_is_told_in_vain_without_further_texts(command):
    result = runner.invoke(app, command("--student", "1/8", "--augment-with", "tiny"))
    assert result.exit_code == 2
    assert "tell how many with --augment" in result.stderr


def test_a_file_of_scores_cannot_label_further_texts(command, tmp_path):
    """Not even as the second of two teachers."""
    scores = tmp_path / "scores.jsonl"
    scores.write_text('{"text": "good", "scores": {"no": 0.5, "yes": 0.5}}\n')
    usual = ["--teacher", str(scores), "--student", str(tmp_path / "teacher"), "--augment", "2"]
    result = runner.invoke(app, command(*usual))
    assert result.exit_code == 2
    assert "a file of scores cannot label further texts" in result.stderr
