"""A student made from its teacher keeps what fits into its size."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgebert.bert.weights import check_weights
from edgebert.checkpoints.folder import open_folder
from edgebert.converter import reference
from edgebert.errors import EdgebertError
from edgebert.train.distillation.student import parse_size, student_from_teacher
from tests.train import words

FAMILIES = Path(__file__).parents[1] / "data" / "families"
CONFIG = replace(
    words.CONFIG, hidden_size=32, num_attention_heads=4, num_hidden_layers=4, intermediate_size=64
)


@pytest.fixture(scope="module")
def teacher():
    found = words.checkpoint(4, CONFIG)
    random = np.random.default_rng(1)
    noisy = {
        name: array + np.float32(0.1) * random.standard_normal(array.shape, np.float32)
        for name, array in found.weights.items()
    }
    return replace(found, weights=noisy)


def test_a_student_of_the_teachers_size_is_the_teacher(teacher):
    student = student_from_teacher(teacher, 4, 32)
    assert student.config == teacher.config
    for name, array in student.weights.items():
        np.testing.assert_allclose(array, teacher.weights[name], atol=1e-6, rtol=0, err_msg=name)


@pytest.mark.parametrize(("layers", "kept"), [(1, [3]), (2, [1, 3]), (3, [0, 1, 3]), (4, range(4))])
def test_every_kth_layer_is_kept_and_always_the_last(teacher, layers, kept):
    student = student_from_teacher(teacher, layers, 32)
    for new, old in enumerate(kept):
        for part in ("attention.key.weight", "ffn.norm.bias"):
            expected = teacher.weights[f"layers.{old}.{part}"]
            np.testing.assert_allclose(
                student.weights[f"layers.{new}.{part}"], expected, atol=1e-6, rtol=0
            )


@pytest.mark.parametrize("width", [8, 16, 24])
def test_word_vectors_are_the_best_projection_there_is(teacher, width):
    words_of_teacher = teacher.weights["embeddings.word"].astype(np.float64)
    projected = (
        student_from_teacher(teacher, 2, width).weights["embeddings.word"].astype(np.float64)
    )
    lost = (words_of_teacher**2).sum() - (projected**2).sum()
    singular = np.linalg.svd(words_of_teacher, compute_uv=False)
    assert lost == pytest.approx((singular[width:] ** 2).sum(), rel=1e-4)


@pytest.mark.parametrize(("layers", "width"), [(1, 8), (2, 16), (4, 24)])
def test_a_narrow_student_is_a_bert_that_runs(teacher, layers, width):
    student = student_from_teacher(teacher, layers, width)
    assert student.config.head_size == 8
    assert student.config.intermediate_size == 2 * width
    check_weights(student.weights, student.config)
    states = reference.forward(student.weights, student.config, [2, 5, 9, 3])
    assert np.isfinite(states).all()


def test_wrong_sizes_are_one_line(teacher):
    with pytest.raises(EdgebertError, match="hidden_size 64 is above the teacher's 32"):
        student_from_teacher(teacher, 2, 64)
    with pytest.raises(EdgebertError, match="num_hidden_layers 6 is above the teacher's 4"):
        student_from_teacher(teacher, 6, 32)
    assert parse_size("tiny") == (2, 128)
    assert parse_size("3/312") == (3, 312)
    with pytest.raises(EdgebertError, match="layers and width are needed"):
        parse_size("small-model")


def test_heads_of_another_width_keep_the_size_of_their_scores(teacher):
    student = student_from_teacher(teacher, 4, 12)
    assert (student.config.num_attention_heads, student.config.head_size) == (1, 12)
    rows = [*range(8, 16), *range(24, 28)]  # the second of two heads, as far as there is room
    for part, scale in (("query", np.sqrt(12 / 8)), ("key", 1.0), ("value", 1.0)):
        name = f"layers.2.attention.{part}.bias"
        expected = scale * teacher.weights[name][rows]
        np.testing.assert_allclose(student.weights[name], expected, rtol=1e-6)


@pytest.mark.parametrize("name", ["albert", "distilbert", "electra", "mobilebert"])
def test_a_teacher_of_another_family_is_refused_in_one_line(name):
    other = open_folder(FAMILIES / f"{name}_2x32")
    with pytest.raises(EdgebertError, match=r"only plain BERTs can be trained .* this one has "):
        student_from_teacher(other, 1, 16)
