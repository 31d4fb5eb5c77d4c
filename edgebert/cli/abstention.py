"""How the rule of when a file abstains is shown, and whether labels can be taught to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgebert.formatting import percent

if TYPE_CHECKING:
    from edgebert.model_file.abstention_rule import Abstention, AbstentionFit
    from edgebert.model_file.record import Record
    from edgebert.model_file.teaching import Teaching


def abstention_rows(record: Record) -> list[tuple[str, str]]:
    """Name and text of a row for people; none where there is no rule."""
    rule = record.abstention
    if rule is None:
        return []
    fit = rule.fit
    if not rule.energies:
        items = "labels" if record.multi_label else _ITEMS[record.task]
        return [("abstains", _by_score(rule, items))]
    scores = f"calibrated, temperature {rule.temperature:.3g}"
    if fit.min_coverage == 1:
        told = f"never: of {fit.rows:,} rows of {fit.data} {percent(fit.wrong)} are wrong"
        return [("abstains", told), ("scores", scores)]
    aim = _aim(fit, "answers", "answered")
    outside = ""
    if fit.rejected is not None:
        outside = f"; rejected {percent(fit.rejected)} of {fit.out_of_scope}"
    return [
        (
            "abstains",
            f"{aim}: on {fit.rows:,} rows of {fit.data} it answers {percent(fit.coverage)}, "
            f"{percent(fit.wrong)} of these wrong{outside}",
        ),
        ("scores", f"{scores}; unsure below {rule.min_score:.3f}"),
    ]


_ITEMS = {"tag": "spans", "answer": "answers"}
"""What they abstain from."""


def _by_score(rule: Abstention, items: str) -> str:
    fit = rule.fit
    return (
        f"{_aim(fit, items, 'given')}: on {fit.rows:,} rows of {fit.data} it gives "
        f"{percent(fit.coverage)} of its {items}, {percent(fit.wrong)} of these wrong; "
        f"unsure below {rule.min_score:.3f}"
    )


def _aim(fit: AbstentionFit, items: str, given: str) -> str:
    if fit.max_wrong is not None:
        sure = f"with a confidence of {percent(fit.confidence)}" if fit.confidence else ""
        return f"at most {percent(fit.max_wrong)} of the {items} wrong {sure}".rstrip()
    return f"at least {percent(fit.min_coverage or 0)} {given}"


def teaching_rows(teaching: Teaching | None) -> list[tuple[str, str]]:
    """Likewise, where labels can be taught to a classifier."""
    if teaching is None:
        return []
    told = f"beside its own labels, by {teaching.rows:,} rows of {teaching.data}"
    unseen = teaching.unseen
    if unseen is not None:
        told += f"; may take {unseen.may_lose:.2g} of {unseen.rows:,} rows of {unseen.data}"
    outside = teaching.outside
    if outside is not None:
        told += f"; a twentieth of {outside.rows:,} texts of {outside.data}"
    return [("teachable", told)]
