"""Fine-tuning learns each task, and leaves a folder that `convert` takes."""

import itertools
import json
import weakref
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not here: make test-train")

import edgebert
from edgebert.checkpoints.folder import open_folder
from edgebert.errors import EdgebertError
from edgebert.evaluation.data import open_data
from edgebert.evaluation.evaluate import evaluate
from edgebert.train.evaluation import DevResult
from edgebert.train.finetuning import finetune as module
from edgebert.train.finetuning.finetune import FineTuningSpec, balanced_weights, finetune
from edgebert.train.initialisation import with_task_heads
from edgebert.train.network import Network
from edgebert.train.settings import BATCH_SIZES, LEARNING_RATES, Settings
from edgebert.train.state import read_state
from edgebert.train.trials import grid, run_name
from tests.train import words

QUICK = Settings(epochs=3, batch_size=16, learning_rate=1e-2, dropout=0.0)


@pytest.fixture
def data(tmp_path):
    """Gives a task with data to learn from and to evaluate on."""

    def task(name, kind=None, **options):
        write = words.WRITERS[kind or name]
        train, dev = tmp_path / f"{name}-train.tsv", tmp_path / f"{name}-dev.tsv"
        return FineTuningSpec(name, write(train, seed=1), write(dev, count=40, seed=2), **options)

    return task


def test_what_only_dev_data_can_decide_is_refused_without_it(data, tmp_path):
    task = replace(data("classify"), dev=None)
    for trials in ((QUICK, replace(QUICK, seed=2)), (replace(QUICK, patience=1),)):
        with pytest.raises(EdgebertError, match="nothing to judge by: add --dev"):
            finetune(words.checkpoint(), task, tmp_path / "out", trials)


def test_without_dev_data_the_last_weights_are_kept(data, tmp_path):
    task = data("classify")
    report = finetune(words.checkpoint(), replace(task, dev=None), tmp_path / "out", (QUICK,))
    assert report.metrics == {}
    edgebert.convert(tmp_path / "out", tmp_path / "x.tflite", quantize="float32")
    with edgebert.load(tmp_path / "x.tflite") as model:
        assert evaluate(model, open_data(task.dev, "classify")).metrics["accuracy"] >= 0.9


@pytest.mark.parametrize(
    ("name", "kind", "least"),
    [
        ("classify", None, 0.9),
        ("classify", "several", 0.75),  # always both: 0.67
        ("regress", None, 0.75),
        ("tag", None, 0.9),
        ("answer", None, 0.9),
        ("embed", None, 0.7),
        ("embed", "queries", 0.7),
    ],
)
def test_every_task_is_learned_and_evaluate_finds_the_same_figure(
    data, tmp_path, name, kind, least
):
    several = kind == "several"
    task = data(name, kind, multi_label=several)
    report = finetune(words.checkpoint(), task, tmp_path / "out", (QUICK,))
    metric, figure = next(iter(report.metrics.items()))
    assert figure == pytest.approx(report.best.figure, abs=1e-6)
    assert figure >= least, report.metrics
    edgebert.convert(tmp_path / "out", tmp_path / "x.tflite", quantize="float32")
    with edgebert.load(tmp_path / "x.tflite") as model:
        assert model.task == name
        assert model.multi_label == several
        found = evaluate(model, open_data(task.dev, name, multi_label=several))
    assert found.metrics[metric] == pytest.approx(figure, abs=1e-6)


def test_an_embedder_that_learns_from_queries_can_be_evaluated_on_pairs(data, tmp_path):
    task = replace(
        data("embed", "queries"), dev=words.write_pairs(tmp_path / "pairs.tsv", count=40)
    )
    report = finetune(words.checkpoint(), task, tmp_path / "out", (replace(QUICK, epochs=1),))
    assert set(report.metrics) == {"spearman", "pearson"}


def test_both_of_two_independent_labels_are_learned(data, tmp_path):
    # From the usual small heads a network of this size learns but one of them, in torch too (two
    # seeds of three): both start along the same direction.
    labels = ("names", "praise")
    source = with_task_heads(words.checkpoint(), "classify", labels, 3, None, multi_label=True)
    heads = ("pooler.weight", "classifier.weight")
    larger = {name: source.weights[name] * np.float32(10) for name in heads}
    source = replace(source, weights={**source.weights, **larger})
    task = data("classify", "several", multi_label=True)
    report = finetune(source, task, tmp_path / "out", (replace(QUICK, seed=3),))
    assert report.metrics["exact_match"] > 0.9
    model = open_folder(tmp_path / "out")
    assert (model.labels, model.multi_label) == (labels, True)


def test_of_several_runs_the_best_is_kept_and_a_resume_finds_it_again(data, tmp_path):
    task, out = data("classify"), tmp_path / "out"
    trials = grid(QUICK, [16], [1e-6, 1e-2], [1])
    lines = []
    report = finetune(words.checkpoint(), task, out, trials, notify=lines.append)
    assert report.best.settings.learning_rate == 1e-2
    assert report.trials[0].figure < report.trials[1].figure
    assert sorted(path.name for path in (out / "runs").iterdir()) == sorted(map(run_name, trials))
    assert lines[0] == "run 1 of 2: batch16-rate1e-06-seed1"
    before = open_folder(out).weights["classifier.weight"].copy()
    again = finetune(words.checkpoint(), task, out, trials, resume=True)
    assert again == report
    assert np.array_equal(open_folder(out).weights["classifier.weight"], before)


def test_the_same_seed_gives_the_same_weights_and_another_does_not(data, tmp_path):
    found = []
    for number, seed in enumerate((3, 3, 4)):
        settings = replace(QUICK, epochs=1, seed=seed, dropout=0.1)
        finetune(words.checkpoint(), data("classify"), tmp_path / str(number), (settings,))
        found.append(open_folder(tmp_path / str(number)).weights["classifier.weight"].copy())
    assert np.array_equal(found[0], found[1])
    assert not np.array_equal(found[0], found[2])


def test_wrong_input_is_told_before_anything_is_trained(data, tmp_path):
    source, out = words.checkpoint(), tmp_path / "out"
    task = data("classify")
    labels = tmp_path / "labels.txt"
    labels.write_text("negative\nneutral\n")
    with pytest.raises(EdgebertError, match="no label 'positive'; it knows 'negative', 'neutral'"):
        finetune(source, replace(task, labels=labels), out)
    task.dev.write_text("text\tlabel\ngood\tpositive\nbad\tmixed\n")
    with pytest.raises(EdgebertError, match=r"dev.tsv, line 3: .*'mixed'"):
        finetune(source, task, out)
    with pytest.raises(EdgebertError, match="max length 4: words takes 8 to 32"):
        finetune(source, replace(data("classify"), max_length=4), out)
    with pytest.raises(EdgebertError, match="labels are for classify and tag, not for regress"):
        replace(data("regress"), labels=labels)
    with pytest.raises(EdgebertError, match="class weights are for classify, not for tag"):
        replace(data("tag"), balanced=True)
    with pytest.raises(EdgebertError, match="several labels a text are for classify, not for tag"):
        replace(data("tag"), multi_label=True)
    with pytest.raises(EdgebertError, match="leave out --balanced or --multi-label"):
        replace(data("classify"), multi_label=True, balanced=True)
    assert not out.exists()


def test_a_model_is_not_overwritten_and_a_changed_resume_refused(data, tmp_path):
    task, out, source = data("classify"), tmp_path / "out", words.checkpoint()
    settings = replace(QUICK, epochs=1)
    finetune(source, task, out, (settings,))
    with pytest.raises(EdgebertError, match="holds a model already"):
        finetune(source, task, out, (settings,))
    other = tmp_path / "other"
    other.mkdir()
    (other / "vocab.txt").write_text("mine")
    with pytest.raises(EdgebertError, match="holds a model already"):
        finetune(source, task, other, (settings,))
    with pytest.raises(EdgebertError, match="holds a model already"):
        finetune(source, task, other, (settings,), resume=True)  # there is nothing to resume
    words.write_classify(task.train, seed=5)
    with pytest.raises(EdgebertError, match=r"cannot resume: train.fingerprint was 'sha256"):
        finetune(source, task, out, (settings,), resume=True)
    with pytest.raises(EdgebertError, match=r"cannot resume: "):
        finetune(words.checkpoint(seed=2), data("classify"), out, (settings,), resume=True)


def test_the_head_of_the_source_is_kept_where_it_has_the_same_labels(data, tmp_path):
    task = data("classify")
    still = (replace(QUICK, epochs=1, learning_rate=0.0),)
    finetune(words.checkpoint(), task, tmp_path / "one", (replace(QUICK, epochs=1),))
    first = open_folder(tmp_path / "one")
    finetune(first, task, tmp_path / "two", still)
    second = open_folder(tmp_path / "two")
    assert all(np.array_equal(first.weights[n], second.weights[n]) for n in first.weights)
    other = replace(first, labels=("no", "yes"))
    finetune(other, task, tmp_path / "three", still)
    third = open_folder(tmp_path / "three")
    assert not np.array_equal(
        first.weights["classifier.weight"], third.weights["classifier.weight"]
    )
    assert np.array_equal(first.weights["pooler.weight"], third.weights["pooler.weight"])


def test_balanced_weights_make_labels_count_the_same():
    labels = [0] * 6 + [2] * 2
    weights = balanced_weights(labels, 3)
    assert sum(weights[label] for label in labels) / 8 == pytest.approx(1)
    assert 6 * weights[0] == pytest.approx(2 * weights[2])


def test_balanced_training_weighs_the_loss(data, tmp_path):
    rows = [f"{text}\t{name}" for name in ("a", *7 * "b") for text, _ in words.sentences(2, 1)]
    still = replace(QUICK, epochs=1, learning_rate=0.0, log_every=1)
    losses = []
    for balanced in (False, True):
        task = replace(data("classify"), dev=None, balanced=balanced)
        task.train.write_text("\n".join(["text\tlabel", *rows]) + "\n")
        labels = ("a", "b")
        source = with_task_heads(words.checkpoint(), "classify", labels, 1, None)
        bias = np.float32([0, 3])
        source = replace(source, weights={**source.weights, "classifier.bias": bias})
        finetune(source, task, tmp_path / str(balanced), (still,))
        (run,) = (tmp_path / str(balanced) / "runs").iterdir()
        assert json.loads((run / "config.json").read_text())["balanced"] is balanced
        losses.append(json.loads((run / "metrics.jsonl").read_text().splitlines()[0])["loss"])
    wrong, right = np.log(1 + np.exp([3, -3]))
    assert losses[0] == pytest.approx(wrong / 8 + right * 7 / 8, rel=0.1)
    assert losses[1] == pytest.approx(wrong / 2 + right / 2, rel=0.1)


def test_a_run_among_several_seeds_is_that_of_its_seed_alone(data, tmp_path):
    task, settings = data("classify"), replace(QUICK, epochs=1)
    trials = grid(settings, [16], [1e-2], [1, 2])
    finetune(words.checkpoint(), task, tmp_path / "both", trials)
    finetune(words.checkpoint(), task, tmp_path / "alone", trials[1:])
    name = f"runs/{run_name(trials[1])}/state.safetensors"
    _, among = read_state(tmp_path / "both" / name)
    _, alone = read_state(tmp_path / "alone" / name)
    assert all(np.array_equal(among[each], alone[each]) for each in alone)


def test_of_many_runs_few_models_are_in_memory_at_once(data, tmp_path, monkeypatch):
    trained, made, most = Network.to_checkpoint, [], []

    def watched(*arguments):
        model = trained(*arguments)
        made.append(weakref.ref(model))
        most.append(sum(each() is not None for each in made))
        return model

    monkeypatch.setattr(Network, "to_checkpoint", watched)
    trials = grid(replace(QUICK, epochs=1), [16], [1e-2], range(1, 7))
    finetune(words.checkpoint(), data("classify"), tmp_path / "out", trials)
    assert len(made) > 6
    assert max(most) <= 3


@pytest.mark.parametrize("qat", [None, "int8"])
def test_texts_of_any_greatest_length_are_learned(data, tmp_path, qat):
    # 20 tokens are none of the lengths that batches are padded to.
    config = replace(words.CONFIG, max_position_embeddings=20)
    task = replace(data("classify"), dev=None, max_length=20)
    rows = [f"{' '.join(9 * [text])}\t{praise}" for text, praise in words.sentences(32, 1)]
    task.train.write_text("\n".join(["text\tlabel", *rows]) + "\n")
    settings = replace(QUICK, epochs=1, qat=qat)
    report = finetune(words.checkpoint(1, config), task, tmp_path / "out", (settings,))
    assert report.truncated > 0


def test_the_grid_is_the_published_one():
    trials = grid(Settings(), BATCH_SIZES, LEARNING_RATES, [1])
    assert len(set(trials)) == 20


def test_what_settings_leave_open_is_filled_in_and_told(data, tmp_path):
    lines = []
    settings = Settings(epochs=1, batch_size=16)
    report = finetune(
        words.checkpoint(), data("classify"), tmp_path / "out", (settings,), notify=lines.append
    )
    assert lines[0].startswith("defaults for 1/16, 480 examples, 2 labels: --learning-rate ")
    resolved = report.best.settings
    assert (resolved.epochs, resolved.batch_size) == (1, 16)
    assert resolved.learning_rate > 0
    (config,) = (tmp_path / "out").glob("runs/*/config.json")
    assert json.loads(config.read_text())["settings"]["dropout"] == resolved.dropout


def test_a_run_that_learned_nothing_is_at_chance_and_one_that_did_is_not(data, tmp_path):
    task = data("classify")
    for rate, at_chance in ((0.0, True), (1e-2, False)):
        settings = replace(QUICK, learning_rate=rate)
        report = finetune(words.checkpoint(), task, tmp_path / str(rate), (settings,))
        assert report.at_chance == at_chance
        assert (tmp_path / str(rate) / "config.json").exists()


@pytest.mark.parametrize("rise", [0.1, 0.001])
def test_a_run_that_still_rises_says_so(data, tmp_path, monkeypatch, rise):
    figures, lines = itertools.count(0.1, rise), []

    def rising(checkpoint, settings):
        figure = next(figures)
        return DevResult({"accuracy": figure}, figure)

    monkeypatch.setattr(module, "dev_evaluation", lambda data, metric: rising)
    report = finetune(
        words.checkpoint(), data("classify"), tmp_path / "out", (QUICK,), notify=lines.append
    )
    assert report.best.rises == (rise == 0.1)
    advice = "the dev figure still rises: train longer: --epochs 6"
    assert (lines[-1] == advice) == report.best.rises


def test_the_metric_that_was_chosen_decides(data, tmp_path):
    task = replace(data("classify"), metric="macro_f1")
    fixed = replace(QUICK, epochs=1, learning_rate=0.0)  # a perfect model has all metrics equal
    report = finetune(words.checkpoint(), task, tmp_path / "out", (fixed,))
    assert report.best.figure == pytest.approx(report.metrics["macro_f1"], abs=1e-6)
    assert report.metrics["macro_f1"] != report.metrics["accuracy"]
    accepted = "metric 'f1'; accepted: accuracy, macro_f1, matthews"
    for wrong, said in (({"metric": "f1"}, accepted), ({"dev": None}, "macro_f1: .* add --dev")):
        with pytest.raises(EdgebertError, match=said):
            finetune(words.checkpoint(), replace(task, **wrong), tmp_path / "wrong", (QUICK,))
    assert not (tmp_path / "wrong").exists()
