"""Users' code is type-checked: what is right passes, and a misspelt name is an error."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "tests" / "typed_user_code.py"


def test_a_page_of_user_code_has_the_errors_it_should_and_no_others():
    command = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", PAGE]
    result = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    found = re.findall(r"typed_user_code\.py:(\d+): error: .*\[([\w-]+)\]$", result.stdout, re.M)
    lines = PAGE.read_text().splitlines()
    expected = [
        (str(number), line.rpartition("# error: ")[2])
        for number, line in enumerate(lines, 1)
        if "# error: " in line
    ]
    assert found == expected, result.stdout + result.stderr
    assert len(expected) > 10
