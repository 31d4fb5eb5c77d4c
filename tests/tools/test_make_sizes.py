"""docs/size.md has the table that its tool makes."""

from pathlib import Path

from tools.docs.make_sizes import sizes_table

PAGE = Path(__file__).parents[2] / "docs" / "size.md"


def test_the_table_is_up_to_date():
    assert sizes_table() in PAGE.read_text()
