"""What is held against the committed figures, and how they are kept."""

import pytest

from tools.devices.emulated_pi import cost as module
from tools.devices.emulated_pi.cost import (
    FIGURES,
    PAGE,
    SUBJECTS,
    Cost,
    dearer,
    merge,
    read_figures,
    table,
)

OLD = Cost("2/128", "pi5", 32, 1_000_000, 3_000_000)
COMMITTED = {OLD.key: OLD}


@pytest.mark.parametrize(("instructions", "failures"), [(1_019_000, 0), (1_021_000, 1), (1, 0)])
def test_more_than_two_percent_is_too_much(instructions, failures):
    found = dearer([Cost("2/128", "pi5", 32, instructions)], COMMITTED)
    assert len(found) == failures
    assert all("2.1% above the committed 1.000" in line for line in found)


def test_what_has_no_figure_yet_is_not_held_against_anything():
    assert dearer([Cost("2/128", "pi4", 32, 9_000_000)], COMMITTED) == []


def test_an_update_keeps_what_was_not_counted_this_time():
    new = Cost("2/128", "pi5", 32, 900_000)
    other = Cost("2/128", "pi4", 32, 2_000_000)
    assert merge([new, other], COMMITTED) == [Cost("2/128", "pi5", 32, 900_000, 3_000_000), other]


def test_figures_are_written_and_read_back(tmp_path, monkeypatch):
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- figures -->\nold\n<!-- end of figures -->\nafter\n")
    monkeypatch.setattr(module, "FIGURES", tmp_path / "cost.json")
    monkeypatch.setattr(module, "PAGE", page)
    module.write_figures([OLD])
    assert read_figures(tmp_path / "cost.json") == COMMITTED
    assert "| 2/128 | 32 | pi5 | 1.000 | 3.000 | 0.33 |" in page.read_text()
    assert page.read_text().startswith("before\n<!-- figures -->\n| model")
    assert page.read_text().endswith("|\n<!-- end of figures -->\nafter\n")


def test_the_page_shows_the_committed_figures():
    committed = read_figures(FIGURES)
    assert table(list(committed.values())) in PAGE.read_text()
    assert {model for model, _, _ in committed} == {subject.name for subject in SUBJECTS}
