"""Rows of a CSV file are shared out to two."""

import csv

from tools.fixtures.halve_rows import halve_rows


def test_each_row_lies_in_one_half_whatever_its_fields_hold(tmp_path):
    rows = [[f"line {number}\nand, the next", "ab"[number // 3]] for number in range(5)]
    with (tmp_path / "all.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["text", "label"], *rows])
    halve_rows(tmp_path / "all.csv", tmp_path / "one.csv", tmp_path / "other.csv")
    found = []
    for name in ("one", "other"):
        with (tmp_path / f"{name}.csv").open(newline="") as file:
            header, *part_of = csv.reader(file)
        assert header == ["text", "label"]
        found.append(part_of)
    assert found == [rows[1::2], rows[::2]]
