"""A whole fit without TensorFlow: trainings are replaced by weights drawn at random."""

import json
import shlex
import shutil
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from typer.testing import CliRunner

import edgebert
from edgebert import api
from edgebert.benchmarking.benchmark import BenchmarkOutcome
from edgebert.checkpoints.folder import open_folder
from edgebert.checkpoints.writing.hugging_face import write_hugging_face
from edgebert.cli.main import app
from edgebert.converter.abstain import AbstentionPlan
from edgebert.converter.abstain import fit as fit_rule
from edgebert.converter.vocabulary import VocabularyChoice, trim_vocabulary
from edgebert.dataset.samples import Kind
from edgebert.errors import CheckFailedError, EdgebertError
from edgebert.fitting import calibration as calibration_module
from edgebert.fitting import fit as fit_module
from edgebert.fitting import search as search_module
from edgebert.fitting import second_teacher as second_teacher_module
from edgebert.fitting import sizes as sizes_module
from edgebert.fitting.data import FitData
from edgebert.fitting.fit import fit
from edgebert.fitting.request import FitRequest, usual_max_wrong
from edgebert.fitting.second_teacher import SecondTeacher, try_second_teacher
from edgebert.fitting.training import TrainingCommands
from edgebert.formatting import megabytes
from edgebert.progress import silent
from edgebert.train.distillation.student import parse_size, student_from_teacher
from edgebert.train.initialisation import with_task_heads
from tests.benchmarking import reports
from tests.benchmarking.reports import model, run
from tests.train import words

SHAPE = replace(words.CONFIG, num_hidden_layers=2, hidden_size=32, intermediate_size=64)


LABELS = {
    "classify": ["negative", "positive"],
    "regress": [],
    "tag": ["B-LOC", "B-PER", "O"],
}


def start_task(folder):
    return open_folder(folder).task


class Commands:
    """What the plain commands do; a training only draws the head that it would have learned."""

    def __init__(self):
        self.verbs = []

    def __call__(self, command, *, lock=None, seconds=None):
        self.verbs.append(command[0])
        options = dict(pairwise(command))
        if command[0] in ("finetune", "distill"):
            return self._train(command, options)
        result = CliRunner().invoke(app, command)
        if result.exit_code == 1:
            raise CheckFailedError(result.stderr)
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    def _train(self, command, options):
        is_first = command[0] == "finetune"
        source = command[1] if is_first else command[command.index("--teacher") + 1]
        start = open_folder(Path(source))
        if "--student" in options:
            start = student_from_teacher(start, *parse_size(options["--student"]))
        task = options.get("--task") or start_task(Path(source))
        if "--vocabulary-from" in options:
            choice = VocabularyChoice(Path(options["--vocabulary-from"]))
            start, _ = trim_vocabulary(start, choice, task)
        several = "--multi-label" in command or "/several" in source
        labels = ["names", "praise"] if several else LABELS[task]
        trained = with_task_heads(start, task, labels, len(self.verbs), None, multi_label=several)
        write_hugging_face(trained, Path(options["-o"]), force=True)
        return {"metrics": {}}


@pytest.fixture
def commands(monkeypatch):
    found = Commands()

    def benchmark(files, device, **options):
        """What is measured has tests of its own."""
        runs = (run(model(file.stem, size=file.stat().st_size)) for file in files)
        return BenchmarkOutcome(reports.report(reports.device(*runs)), ())

    monkeypatch.setattr(api, "benchmark", benchmark)
    for module in (search_module, calibration_module, fit_module):
        monkeypatch.setattr(module, "run_command", found)
    return found


@pytest.fixture
def asked(tmp_path):
    """Gives a request on 600 rows and a tiny teacher."""
    write_hugging_face(words.checkpoint(config=SHAPE), tmp_path / "teacher")
    words.write_classify(tmp_path / "train.tsv", 600)
    request = FitRequest(
        (tmp_path / "train.tsv",), tmp_path / "out", teacher=str(tmp_path / "teacher")
    )
    return lambda **changes: replace(request, **changes)


def test_the_folder_has_the_file_and_all_that_is_said_of_it(commands, asked, tmp_path):
    told = []
    report = fit(asked(), notify=told.append)
    assert commands.verbs[:3] == ["finetune", "convert", "evaluate"]
    assert commands.verbs.count("distill") == 2
    with edgebert.load(tmp_path / "out/model.tflite") as model:
        assert model.labels == ("negative", "positive")
        assert model.abstention.fit.min_coverage == 1  # 60 rows bound nothing
    assert any("without a rule of when to abstain: " in line for line in told)
    facts = json.loads((tmp_path / "out/fit.json").read_text())
    assert facts == report.facts
    assert facts["data"]["rows"] == {"train": 450, "dev": 60, "test": 90}
    assert [each["name"] for each in facts["sizes"]] == ["1/16", "2/16", "2/32"]
    assert facts["test"]["rows"] == 90
    card = (tmp_path / "out/README.md").read_text()
    for heading in ("Figures", "Candidates", "Data", "Labels", "Limits", "Licence", "Made by"):
        assert f"\n## {heading}\n" in card
    assert f"| accuracy | {facts['test']['metrics']['accuracy']:.4f} |" in card
    script = (tmp_path / "out/commands.sh").read_text().splitlines()
    distilled = [line for line in script if line.startswith("edgebert distill")]
    assert len(distilled) == 2
    assert all("--augment" in line and "--dev" not in line for line in distilled)
    assert all(each["size"]["ms"] > 0 for each in facts["trained"])
    assert f" classify, {megabytes((tmp_path / 'out/model.tflite').stat().st_size)} MB\n" in card
    assert "edgebert benchmark" in (tmp_path / "out/report.html").read_text()


def test_a_finished_step_is_not_repeated(commands, asked):
    first = fit(asked()).facts
    commands.verbs.clear()
    told = []
    assert fit(asked(), notify=told.append).facts == first
    assert commands.verbs == []
    assert sum(line.endswith("done before") for line in told) > 8


def test_a_rule_of_another_bound_is_not_shipped(commands, asked, tmp_path):
    """The file of one bound stays in the folder, where the next one cannot be kept."""
    wanted = fit(asked(max_wrong=1e-9)).facts["bytes"], (tmp_path / "out/model.tflite").read_bytes()
    fit(asked(max_wrong=0.9))
    assert (tmp_path / "out/model.tflite").read_bytes() != wanted[1]
    again = fit(asked(max_wrong=1e-9)).facts["bytes"], (tmp_path / "out/model.tflite").read_bytes()
    assert again == wanted


def test_a_calibrated_file_that_is_gone_is_made_again(commands, asked, tmp_path):
    first = fit(asked(max_wrong=0.9)).facts
    shipped = (tmp_path / "out/model.tflite").read_bytes()
    for file in (tmp_path / "out" / "work" / "calibrated").iterdir():
        file.unlink()
    commands.verbs.clear()
    again = fit(asked(max_wrong=0.9)).facts
    assert commands.verbs == ["convert"]
    assert again["commands"] == first["commands"]
    assert (tmp_path / "out/model.tflite").read_bytes() == shipped


def test_its_commands_make_the_same_file_again(commands, asked, tmp_path):
    fit(asked(seed=2))
    fit(asked())  # what the first one ran is not among them
    model = tmp_path / "out/model.tflite"
    shipped = model.read_bytes()
    model.unlink()
    head, *script = (tmp_path / "out/commands.sh").read_text().splitlines()[1:]
    assert head == "set -e"
    assert not any("--seed 2" in line for line in script)
    assert [line.split()[0] for line in script[-2:]] == ["cp", "edgebert"]
    for line in script:
        program, *command = shlex.split(line)
        if program == "cp":
            shutil.copyfile(*command)
        elif command[0] not in ("finetune", "distill"):
            commands(command)
    assert model.read_bytes() == shipped


def test_what_a_killed_training_left_is_gone_on_from_only_with_the_same_data(
    commands, asked, tmp_path
):
    left = tmp_path / "out" / "work" / "students" / "1-16" / "runs"
    train, met = commands._train, []

    def stopped(command, options):
        if command[0] == "distill":
            met.append(left.exists())
            left.mkdir(parents=True, exist_ok=True)
            raise KeyboardInterrupt
        return train(command, options)

    commands._train = stopped
    for count in (600, 600, 640):
        words.write_classify(tmp_path / "train.tsv", count)
        with pytest.raises(KeyboardInterrupt):
            fit(asked())
    assert met == [False, True, False]


@pytest.mark.parametrize("task", ["classify", "tag"])
def test_a_student_learns_with_the_words_that_its_file_has(commands, asked, tmp_path, task):
    request = asked(max_mb=0.03)
    if task == "tag":
        request = replace(request, train=(words.write_tags(tmp_path / "names.conll", 300),))
    unused = (*words.VOCABULARY, *(f"unused{number}" for number in range(2_000)))
    teacher = words.checkpoint(config=replace(SHAPE, vocab_size=len(unused)), vocabulary=unused)
    write_hugging_face(teacher, tmp_path / "teacher", force=True)
    facts = fit(request).facts
    student = open_folder(tmp_path / "out" / "work" / "students" / "1-16")
    assert facts["chosen"]["size"]["trimmed"]
    assert len(student.vocabulary) <= len(words.VOCABULARY)
    assert facts["bytes"] < 30_000


@pytest.mark.parametrize(
    ("pairs", "together", "teachers"), [(False, 0.9, 2), (False, 0.8, 1), (True, 0.9, 1)]
)
def test_an_embedder_teaches_classifiers_of_one_text_by_its_vectors_too_if_that_helps(
    commands, asked, tmp_path, monkeypatch, pairs, together, teachers
):
    found = SecondTeacher(0.8, together)
    monkeypatch.setattr(second_teacher_module, "try_second_teacher", lambda *given: found)
    embedder = with_task_heads(words.checkpoint(config=SHAPE), "embed", (), 1, None)
    write_hugging_face(embedder, tmp_path / "teacher", force=True)
    if pairs:
        lines = (tmp_path / "train.tsv").read_text().splitlines()[1:]
        rows = [f"{line.split(chr(9))[0]}\t{line}\n" for line in lines]
        (tmp_path / "train.tsv").write_text("".join(["sentence1\tsentence2\tlabel\n", *rows]))
    lines = [line for line in fit(asked()).facts["commands"] if " distill " in f" {line}"]
    assert lines
    for line in lines:
        assert line.count("--teacher ") == teachers
        assert (f"--teacher {tmp_path / 'teacher'} " in line) == (teachers == 2)


@pytest.mark.parametrize(("knows", "helps"), [(False, True), (True, False)])
def test_a_second_teacher_helps_one_that_knows_little(tmp_path, knows, helps):
    """One that is always right has nothing to gain; here dev has what it says for labels."""
    shape, labels = words.checkpoint(3), LABELS["classify"]
    write_hugging_face(with_task_heads(shape, "embed", (), 1, None), tmp_path / "embedder")
    first = with_task_heads(shape, "classify", labels, 1, None)
    write_hugging_face(first, tmp_path / "first")
    edgebert.convert(tmp_path / "first", tmp_path / "first.tflite")
    for split, seed in (("train", 1), ("dev", 2)):
        rows = [(text, labels[praise]) for text, praise in words.sentences(300, seed)]
        if knows and split == "dev":
            with edgebert.load(tmp_path / "first.tflite") as model:
                rows = [(text, model.classify(text).label) for text, _ in rows]
        lines = [json.dumps({"text": text, "label": label}) + "\n" for text, label in rows]
        (tmp_path / f"{split}.jsonl").write_text("".join(lines))
    data = FitData(Kind("classify"), tuple(labels), {}, tmp_path, {}, 0)
    second = try_second_teacher(
        tmp_path / "first.tflite", str(tmp_path / "embedder"), data, tmp_path / "work", silent
    )
    assert second.helps is helps
    assert (second.alone == 1) is knows


def test_a_teacher_that_was_replaced_in_its_folder_is_noticed(commands, asked, tmp_path):
    fit(asked())
    commands.verbs.clear()
    write_hugging_face(words.checkpoint(2, SHAPE), tmp_path / "teacher", force=True)
    fit(asked())
    assert (commands.verbs[0], commands.verbs.count("distill")) == ("finetune", 2)


def test_another_seed_trains_anew(commands, asked):
    fit(asked())
    commands.verbs.clear()
    fit(asked(seed=2))
    assert commands.verbs.count("distill") == 2


def test_what_does_not_fit_is_not_trained(commands, asked):
    sizes = {each["name"]: each["bytes"] / 1e6 for each in fit(asked()).facts["sizes"]}
    commands.verbs.clear()
    facts = fit(asked(max_mb=(sizes["1/16"] + sizes["2/16"]) / 2)).facts
    assert facts["chosen"]["size"]["name"] == "1/16"
    assert commands.verbs.count("distill") == 0  # that student was trained before
    with pytest.raises(CheckFailedError, match=r"nothing fits: the smallest is 1/16: 0\.0"):
        fit(asked(max_mb=0.001))


def test_a_figure_that_nobody_reaches_fails_and_names_the_nearest(commands, asked, tmp_path):
    with pytest.raises(CheckFailedError, match="no model keeps to all that was asked for; nearest"):
        fit(asked(min_metric=0.999))
    assert not (tmp_path / "out/model.tflite").exists()
    assert (tmp_path / "out/report.html").exists()


def test_a_leak_is_mended_and_told(commands, asked, tmp_path):
    rows = (tmp_path / "train.tsv").read_text().splitlines()
    (tmp_path / "test.tsv").write_text("\n".join([rows[0], *rows[-150:]]) + "\n")
    told = []
    facts = fit(asked(test=tmp_path / "test.tsv"), notify=told.append).facts
    assert facts["data"]["left_out"] >= 150
    assert any("left out, as dev or test has them too" in line for line in told)
    assert not [each for each in facts["data"]["findings"] if each["name"] == "leak"]


def test_faults_of_the_data_end_it_before_anything_is_trained(commands, asked, tmp_path):
    rows = (tmp_path / "train.tsv").read_text().replace("positive", "Positive", 9)
    (tmp_path / "train.tsv").write_text(rows)
    with pytest.raises(CheckFailedError, match="the data has to be mended first: label-twins"):
        fit(asked())
    assert commands.verbs == []


def test_two_do_not_work_in_one_folder(commands, asked, tmp_path):
    from edgebert.fitting.journal import open_journal

    with (
        open_journal(tmp_path / "out", lambda line: None),
        pytest.raises(EdgebertError, match="another edgebert fit is at work here"),
    ):
        fit(asked())


def test_taggers_begin_with_their_teachers_weights(commands, asked, tmp_path):
    words.write_tags(tmp_path / "names.conll", 300)
    facts = fit(asked(train=(tmp_path / "names.conll",))).facts
    assert facts["data"]["task"] == "tag"
    assert commands.verbs.count("finetune") >= 3
    assert "distill" not in commands.verbs


@pytest.mark.parametrize(
    ("write", "task", "metric"),
    [
        (words.write_several, "classify, multi-label", "micro_f1"),
        (words.write_regress, "regress", "spearman"),
        (words.write_pairs, "regress", "spearman"),
    ],
)
def test_other_tasks(commands, asked, tmp_path, write, task, metric):
    write(tmp_path / "several.tsv", 400)
    several = task.endswith("multi-label")
    out = tmp_path / ("several" if several else "out")
    report = fit(asked(train=(tmp_path / "several.tsv",), output=out, multi_label=several))
    assert report.facts["data"]["task"] == task.partition(",")[0]
    assert next(iter(report.test["metrics"])) == metric
    assert "calibrate" not in " ".join(report.facts["commands"])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"max_mb": -1.0}, "--max-mb is -1; give more than 0"),
        ({"min_metric": 0.9, "max_drop": 0.1}, "--min-metric and --max-drop exclude each other"),
        ({"max_drop": 2.0}, "--max-drop is 2; give 0 to 1"),
        ({"seed": -1}, "--seed is -1; give 0 to 2147483647"),
        (
            {"runtime": "tensorrt"},
            "--runtime is 'tensorrt'; accepted: litert, litert-2.2",
        ),
        ({"max_wrong": 0.0}, "--max-wrong is 0; give a share, such as 0.03"),
        ({"confidence": 0.9}, "confidence is that of a bound on wrong answers: give max wrong"),
        ({"max_wrong": 0.03, "confidence": 1.0}, "confidence is 1; more than 0.5 and less than 1"),
        ({"task": "embed"}, "--task is 'embed'; accepted: classify, regress, tag"),
    ],
)
def test_impossible_requests(asked, change, said):
    with pytest.raises(EdgebertError, match=said):
        asked(**change)


@pytest.mark.parametrize(
    ("accuracy", "rows", "bound"),
    [
        (0.922, 998, 0.039),
        (0.7, 998, 0.15),
        (0.99, 998, 0.02),
        (1, 998, 0.02),
        (0.98, 200, 0.05),
        (0.9, 10, 0.5),
    ],
)
def test_a_classifier_is_to_give_half_as_many_wrong_answers(accuracy, rows, bound):
    assert usual_max_wrong(accuracy, rows) == pytest.approx(bound)


@pytest.mark.parametrize("rows", [40, 100, 200, 500])
def test_a_model_that_is_always_right_has_a_rule_however_small_dev_is(rows):
    scores = np.tile([0.9, 0.1], (rows, 1)) + np.linspace(0, 0.05, rows)[:, None] * [1, -1]
    plan = AbstentionPlan(Path("dev"), max_wrong=usual_max_wrong(1.0, rows))
    rule = fit_rule(scores, np.zeros(rows, int), np.empty((0, 2)), plan)
    assert rule.fit.coverage > 0.9


def test_how_many_answers_may_be_wrong_is_what_was_asked_for_else_follows_from_dev(commands, asked):
    for max_wrong in (None, 0.07):
        report = fit(asked(max_wrong=max_wrong))
        assert report.facts["request"]["max_wrong"] == max_wrong
        steps = json.loads((report.model.parent / "work/steps.json").read_text())["steps"]
        command = steps["calibrated"]["made_of"]["command"]
        chosen = report.facts["chosen"]["value"]
        rows = report.facts["data"]["rows"]["dev"]
        bound = usual_max_wrong(chosen, rows) if max_wrong is None else max_wrong
        assert command[command.index("--max-wrong") + 1] == f"{bound:g}"
        assert "--confidence" not in command


def test_a_rule_is_as_sure_as_was_asked_for(commands, asked):
    report = fit(asked(max_wrong=0.3, confidence=0.8))
    steps = json.loads((report.model.parent / "work/steps.json").read_text())["steps"]
    command = steps["calibrated"]["made_of"]["command"]
    assert command[command.index("--confidence") + 1] == "0.8"


def test_texts_out_of_scope_that_fitted_the_rule_do_not_measure_it(commands, asked, tmp_path):
    (tmp_path / "other.txt").write_text("".join(f"the plot {number}\n" for number in range(41)))
    report = fit(asked(out_of_scope=tmp_path / "other.txt", seed=3))
    written = report.model.with_name("work") / "data"
    parts = [
        (written / f"out-of-scope-{split}.jsonl").read_text().splitlines()
        for split in ("train", "dev", "test")
    ]
    assert [len(each) for each in parts] == [21, 10, 10]
    assert len({text for part in parts for text in part}) == 41
    assert report.facts["data"]["out_of_scope"] == {"train": 21, "dev": 10, "test": 10}
    assert report.facts["test"]["confidence"]["out_of_scope"]["rows"] == 10
    has_rule = report.facts["test"]["confidence"]["out_of_scope"]["rejected"] is not None
    told = "10 others fitted the rule" if has_rule else "the file has no rule"
    told = f"10 texts out of scope; {told}, and students learned from 21 more."
    assert told in (tmp_path / "out/README.md").read_text()
    used = [line.split("out-of-scope-")[1] for line in report.facts["commands"] if "scope-" in line]
    assert [each.split(".")[0] for each in used] == ["train", "train", "dev", "test"]
    (tmp_path / "other.txt").write_text("one\n")
    with pytest.raises(EdgebertError, match=r"other.txt: 1 text; give four or more"):
        fit(asked(out_of_scope=tmp_path / "other.txt"))


def test_texts_out_of_scope_that_have_a_label_in_the_data_are_left_out_and_told(
    commands, asked, tmp_path
):
    _, *rows = (tmp_path / "train.tsv").read_text().splitlines()
    known = list(dict.fromkeys(row.split("\t")[0] for row in rows))[:3]
    others = [f"the plot {number}" for number in range(8)]
    lines = [*others, "The plot 1!", *known, known[0].upper() + " ?"]
    (tmp_path / "other.txt").write_text("\n".join(lines) + "\n")
    told = []
    report = fit(asked(out_of_scope=tmp_path / "other.txt"), notify=told.append)
    assert report.facts["data"]["out_of_scope"] == {"train": 4, "dev": 2, "test": 2}
    assert report.facts["data"]["out_of_scope_left_out"] == 3
    parts = report.model.with_name("work").glob("data/out-of-scope-*.jsonl")
    written = "".join(part.read_text() for part in parts)
    assert not any(json.dumps(text) in written for text in known)
    warning = "left out of --out-of-scope, as they have a label in the data: 3 texts"
    assert any(warning in line for line in told)
    assert "3 more had a label in the data" in (tmp_path / "out/README.md").read_text()
    (tmp_path / "other.txt").write_text("\n".join(known) + "\nanother\n")
    with pytest.raises(EdgebertError, match="1 text, beside 3 that have a label in the data"):
        fit(asked(out_of_scope=tmp_path / "other.txt"))


def test_data_all_of_which_is_dev_or_test_too_is_told(commands, asked, tmp_path):
    for split in ("dev", "test"):
        with pytest.raises(EdgebertError, match="all rows of DATA stand in --dev or --test too"):
            fit(asked(**{split: tmp_path / "train.tsv"}))
    assert commands.verbs == []


def test_a_device_that_is_not_there_is_told_before_anything_is_trained(
    commands, asked, monkeypatch
):
    def benchmark(files, device, **options):
        return BenchmarkOutcome(None, (f"{device}: no answer",))

    monkeypatch.setattr(api, "benchmark", benchmark)
    with pytest.raises(EdgebertError, match="ssh://nobody: no answer"):
        fit(asked(device="ssh://nobody"))
    assert commands.verbs == []


@pytest.mark.parametrize(
    ("coverage", "other", "said"),
    [
        (1.0, None, "It answers texts of other subjects"),
        (0.9, None, "abstains on was not measured"),
        (0.9, {"auroc": 0.97, "rejected": 0.94}, "it answers 6.0 %, and means nothing by it"),
    ],
)
def test_the_card_says_what_to_expect_of_other_subjects(
    commands, asked, monkeypatch, coverage, other, said
):
    made = fit_module.model_card

    def card(facts):
        confidence = {**facts["test"]["confidence"], "coverage": coverage, "out_of_scope": other}
        test = {**facts["test"], "confidence": confidence}
        outside = {"train": 20, "dev": 10, "test": 10}
        return made({**facts, "test": test, "data": {**facts["data"], "out_of_scope": outside}})

    monkeypatch.setattr(fit_module, "model_card", card)
    report = fit(asked())
    assert said in (report.model.parent / "README.md").read_text()


def test_a_finished_file_that_has_outgrown_the_budget_is_not_shipped(commands, asked, monkeypatch):
    monkeypatch.setattr(sizes_module, "recorded_bytes", lambda labels, width, outside: 0)
    first = fit(asked(teachable=True))
    first.model.unlink()
    with pytest.raises(CheckFailedError, match=r"finished file, .* bytes: more than --max-mb"):
        fit(asked(teachable=True, max_mb=(first.bytes - 1) / 1e6))
    assert not first.model.exists()
    assert fit(asked(teachable=True, max_mb=first.bytes / 1e6)).bytes == first.bytes


def test_files_are_for_the_runtime_that_was_asked_for(commands, asked):
    report = fit(asked(runtime="tflite-runtime"))
    made = [line for line in report.facts["commands"] if line.startswith("edgebert convert")]
    assert made
    assert all("--runtime tflite-runtime" in line for line in made)
    with edgebert.load(report.model) as model:
        least = [int(each) for each in model.record.minimum_runtime.split(".")]
    assert least <= [2, 14]


def test_labels_can_be_taught_to_a_file_that_is_asked_to_be_teachable(commands, asked, tmp_path):
    assert teaching_of(fit(asked()).model) is None
    report = fit(asked(teachable=True))
    teaching = teaching_of(report.model)
    assert (teaching.data, teaching.rows) == ("train.jsonl", 450)
    assert (teaching.unseen.data, teaching.unseen.rows) == ("dev.jsonl", 60)
    made = [line for line in report.facts["commands"] if "--calibrate" in line]
    assert all("--teachable" in line and "dev.jsonl" in line for line in made)
    assert len(made) == 1
    assert "(`edgebert teach`)" in (tmp_path / "out/README.md").read_text()
    with edgebert.load(report.model, taught=tmp_path / "mine.taught") as model:
        model.teach("names", ["paris and london", "bob was the actor"])
        assert model.classify("paris and london").scores["names"] > 0


def teaching_of(file):
    with edgebert.load(file) as model:
        return model.record.teaching


def test_a_file_to_which_no_label_can_be_taught_does_not_ship(commands, asked, tmp_path):
    words.write_classify(tmp_path / "train.tsv", 120)
    with pytest.raises(CheckFailedError, match=r"no label could be taught .*: 12 rows to cal"):
        fit(asked(teachable=True))


def test_a_rule_is_for_classifiers_with_one_label(commands, asked, tmp_path):
    words.write_regress(tmp_path / "values.tsv", 100)
    with pytest.raises(EdgebertError, match="--max-wrong is for classifiers with one label"):
        fit(asked(train=(tmp_path / "values.tsv",), max_wrong=0.1))
    with pytest.raises(EdgebertError, match="--teachable is for classifiers with one label"):
        fit(asked(train=(tmp_path / "values.tsv",), teachable=True))


@pytest.mark.parametrize(("rows", "most"), [(42, "0.04762"), (2000, "0.02"), (1, "1")])
def test_a_student_may_cost_two_rows_of_a_small_dev(tmp_path, rows, most):
    data = FitData(Kind("classify"), ("a", "b"), {"dev": rows}, tmp_path, {}, 0)
    training = TrainingCommands(data, tmp_path, "teacher", is_trained=False, seed=1)
    command = training.convert_command("student", SimpleNamespace(label="2-128", trimmed=False))
    assert command[command.index("--max-drop") + 1] == most
    assert "--max-drop" not in training.convert_command(
        training.teacher_folder, SimpleNamespace(label="2-128", trimmed=False)
    )


def test_without_tensorflow_what_is_wrong_with_the_data_is_told_first(monkeypatch, tmp_path):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)

    def told(path):
        result = CliRunner().invoke(app, ["fit", str(path), "-o", str(tmp_path / "out")])
        assert result.exit_code == 2
        return result.stderr

    (tmp_path / "rows.csv").write_text("text,label\n" + "a,b\nc,d\n" * 20)
    assert "nowhere.csv" in told(tmp_path / "nowhere.csv")
    assert "training needs TensorFlow" in told(tmp_path / "rows.csv")
