"""How far a run is: the best figure, and whether it rose to the end."""

from dataclasses import replace

import pytest

from edgebert.train.state import TrainerState


def after(figures, margin=None):
    saved = TrainerState()
    for step, figure in enumerate(figures, 1):
        saved = replace(saved, step=step).after_evaluation(figure, len(figures), margin)
    return saved


def test_best_and_the_evaluations_since():
    saved = after([0.1, 0.5, 0.3, 0.4])
    assert (saved.best, saved.best_step, saved.since_best) == (0.5, 2, 2)


@pytest.mark.parametrize(
    ("figures", "margin", "kept"),
    [
        ([0.900, 0.921, 0.905, 0.920], None, 2),
        ([0.900, 0.921, 0.905, 0.920], 0.009, 4),
        ([0.900, 0.921, 0.920, 0.905], 0.009, 3),
        ([0.900, 0.921, 0.905, 0.911], 0.009, 2),
        ([0.900, 0.908, 0.901, 0.921], 0.009, 4),
        ([0.900, 0.908, 0.901, 0.890], 0.009, 3),
        ([0.8, 1.0, 1.0, 0.9], 0.0, 3),
        ([0.8, 1.0, 1.0, 0.9], None, 2),
    ],
)
def test_the_last_weights_within_the_margin_of_the_best_are_kept(figures, margin, kept):
    assert after(figures, margin).kept_step == kept


@pytest.mark.parametrize(
    ("figures", "rises"),
    [
        ([0.1, 0.2, 0.3, 0.4, 0.5], True),
        ([0.1, 0.2, 0.3, 0.4, 0.405], False),
        ([0.1, 0.2, 0.3, 0.5, 0.4], False),
        ([0.1, 0.2, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.9, 0.8], False),
        ([-5.0, -4.0, -3.0, -2.0, -1.0], True),
        ([0.5], False),
        ([], False),
    ],
)
def test_a_run_rises_whose_last_fifth_brought_the_best_figure_by_more_than_a_point(figures, rises):
    assert after(figures).rises == rises


def test_as_an_array_and_back():
    for saved in (TrainerState(), TrainerState(3), after([0.1, 0.2]), after([0.2, 0.1], 0.05)):
        assert TrainerState.from_array(saved.to_array()) == saved
