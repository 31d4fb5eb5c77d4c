"""Facts of a device in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from edgebert.benchmarking.result import Facts
from edgebert.formatting import megabytes

_FAST_GOVERNOR = "performance"


def known_facts(facts: Facts) -> tuple[tuple[str, str], ...]:
    """Name and value of each fact that the device could tell."""
    shown = ((name, show(facts)) for name, show in _FACTS)
    return tuple((name, value) for name, value in shown if value)


def _cores(facts: Facts) -> str:
    kinds = Counter((core.cluster, core.max_mhz) for core in facts.cores)
    return ", ".join(
        f"{count}{f' × {mhz:,.0f} MHz' if mhz else ''}" for (_, mhz), count in kinds.items()
    )


def _governor(facts: Facts) -> str | None:
    slow = facts.governor not in (None, _FAST_GOVERNOR)
    return f"{facts.governor} (not {_FAST_GOVERNOR})" if slow else facts.governor


def _before_after(before: float | None, after: float | None, unit: str) -> str:
    shown = [f"{value:,.0f}" for value in (before, after) if value is not None]
    return f"{' → '.join(shown)} {unit}" if shown else ""


_FACTS: tuple[tuple[str, Callable[[Facts], str | None]], ...] = (
    ("board", lambda facts: facts.board),
    ("processor", lambda facts: facts.cpu),
    ("features", lambda facts: ", ".join(facts.features or ())),
    ("cores", _cores),
    ("governor", _governor),
    ("clock", lambda f: _before_after(f.clock_mhz_before, f.clock_mhz_after, "MHz")),
    ("temperature", lambda f: _before_after(f.temperature_c_before, f.temperature_c_after, "°C")),
    ("throttled", lambda f: None if f.throttled is None else "yes" if f.throttled else "no"),
    ("memory", lambda f: f"{megabytes(f.memory_bytes)} MB" if f.memory_bytes else None),
    ("system", lambda facts: facts.os),
    ("Python", lambda facts: facts.python),
    ("engines", lambda f: ", ".join(f"{name} {value}" for name, value in f.engines.items())),
    ("power", lambda facts: facts.power),
)
