import csv
from pathlib import Path

import pytest

DATA = Path(__file__).parent.parent / "data"


@pytest.fixture(scope="session")
def vocabulary():
    return (DATA / "vocab" / "vocab.txt").read_text(encoding="utf-8").splitlines()


@pytest.fixture(scope="session")
def questions():
    """Every fifth of BANKING77's test questions."""
    with (DATA / "banking77" / "test.csv").open(encoding="utf-8", newline="") as file:
        return [row["text"] for row in csv.DictReader(file)][::5]
