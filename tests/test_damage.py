"""Files that got damaged are refused, every one; none crashes the process."""

from tools.checks.damage import try_out


def test_forty_damages_are_forty_refusals(classifier):
    assert try_out(classifier, 40) == {"refused": 40}
