"""Several teachers of one student: the mean of what they say."""

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not here: make test-train")

from dataclasses import replace

from edgebert.errors import EdgebertError
from edgebert.evaluation.columns import Columns
from edgebert.evaluation.texts import Text
from edgebert.progress import silent
from edgebert.train.distillation.distill import distill
from edgebert.train.distillation.softmax_regression import SoftmaxRegression
from edgebert.train.distillation.teacher import CheckpointTeacher, Teacher
from edgebert.train.distillation.teachers import LinearProbe, TeacherEnsemble
from edgebert.train.distillation.transfer_set import TransferSet
from edgebert.train.initialisation import with_task_heads
from edgebert.train.settings import Settings
from tests.train import words

CLASSES = ("negative", "positive")


class Said(Teacher):
    """Says what it was made with."""

    checkpoint = None

    def __init__(self, rows, labels=CLASSES, task="classify", multi_label=False, name="said"):
        self.name, self.task, self.labels, self.multi_label = name, task, labels, multi_label
        self.fingerprint, self._rows = name, np.array(rows, np.float32)

    def scores(self, texts, transfer, folder, progress):
        self.folder = folder
        return self._rows[: len(texts)]


def as_texts(found):
    return [Text(each, None, str(place)) for place, each in enumerate(found)]


def embedder():
    return CheckpointTeacher(with_task_heads(words.checkpoint(3), "embed", (), 1, None))


def test_probabilities_have_their_geometric_mean(tmp_path):
    one, other = np.array([[0.9, 0.1]]), np.array([[0.4, 0.6]])
    teachers = [Said(np.log(one)), Said(np.log(other))]
    found = np.exp(TeacherEnsemble(teachers).scores(as_texts(["a"]), "", tmp_path, silent))
    np.testing.assert_allclose(found, [[0.6, 0.1 * 0.6 / np.sqrt(0.06)]], rtol=1e-5)
    assert teachers[0].folder != teachers[1].folder


def test_labels_in_another_order_are_the_same_labels(tmp_path):
    teachers = [Said([[1, 3]]), Said([[3, 1]], labels=CLASSES[::-1])]
    found = TeacherEnsemble(teachers).scores(as_texts(["a"]), "", tmp_path, silent)
    np.testing.assert_array_equal(found, [[1, 3]])


def test_values_of_regressions_have_their_mean(tmp_path):
    teachers = [Said([[1.0], [2.0]], (), "regress"), Said([[2.0], [4.0]], (), "regress")]
    found = TeacherEnsemble(teachers).scores(as_texts(["a", "b"]), "", tmp_path, silent)
    np.testing.assert_array_equal(found, [[1.5], [3.0]])


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (Said([[0]], (), "regress"), "big is for classify, and said for regress"),
        (Said([[0]], multi_label=True), "and said for multi-label classify"),
        (Said([[0]], ("negative", "good")), "different labels: 'good' is of one alone"),
    ],
)
def test_teachers_that_differ_are_one_line(other, message):
    with pytest.raises(EdgebertError, match=message):
        TeacherEnsemble([Said([[0]], name="big"), other])


def test_several_embedders_have_no_mean():
    with pytest.raises(EdgebertError, match="for embed, which one teacher alone teaches"):
        TeacherEnsemble([embedder(), embedder()])


def test_a_regression_of_separable_features_finds_all_labels():
    random = np.random.default_rng(1)
    learned = random.integers(0, 3, 200)
    features = np.eye(3, dtype=np.float32)[learned] + random.normal(0, 0.1, (200, 3))
    regression = SoftmaxRegression.of(features.astype(np.float32), learned, 3)
    np.testing.assert_array_equal(regression.scores(features).argmax(axis=1), learned)


def test_an_embedder_learns_the_labels_of_labelled_texts(tmp_path):
    labelled = words.write_classify(tmp_path / "train.tsv", 300)
    probe = LinearProbe(embedder(), CLASSES, TransferSet((), labelled))
    further = dict(words.sentences(60, 77))
    learned = [text.text for text, _ in TransferSet((), labelled).read()]
    texts = as_texts([*dict.fromkeys(learned), *further])
    said = probe.scores(texts, "", tmp_path / "scores", silent)
    np.testing.assert_allclose(np.exp(said).sum(axis=1), 1, atol=1e-5)
    right = said[-len(further) :].argmax(axis=1) == list(further.values())
    assert right.mean() > 0.8


def test_an_embedder_without_labelled_texts_is_one_line(tmp_path):
    (tmp_path / "texts.txt").write_text("good\n")
    with pytest.raises(EdgebertError, match="add --labels"):
        LinearProbe(embedder(), CLASSES, TransferSet((tmp_path / "texts.txt",)))


def test_an_embedder_is_no_teacher_of_pairs(tmp_path):
    path = tmp_path / "pairs.tsv"
    path.write_text("sentence1\tsentence2\tlabel\ngood\tbad\tnegative\n")
    with pytest.raises(EdgebertError, match="line 2: a pair of texts"):
        LinearProbe(embedder(), CLASSES, TransferSet((), path, columns=Columns()))


def test_a_student_learns_what_two_teachers_say(tmp_path):
    """The first one says nothing: the student has it all from the probe."""
    labelled = words.write_classify(tmp_path / "train.tsv", 300)
    dev = words.write_classify(tmp_path / "dev.tsv", count=60, seed=9)
    transfer = TransferSet((), labelled, dev=dev)
    texts = len({text.text for text, _ in transfer.read()})
    probe = LinearProbe(embedder(), CLASSES, transfer)
    teacher = TeacherEnsemble([Said(np.zeros((texts, 2))), probe])
    settings = replace(Settings(), epochs=6, batch_size=16, learning_rate=1e-2, dropout=0.0)
    report = distill(teacher, words.checkpoint(7), transfer, tmp_path / "out", (settings,))
    assert report.metrics["accuracy"] > 0.8
