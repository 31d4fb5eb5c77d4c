"""Names and figures as people read them; names come from reports and may be anything."""

from __future__ import annotations

from math import floor, log10

UNKNOWN = "–"
_SHOWN = 400
_LEAST_WRITTEN_OUT = 0.001


def clean(text: str, limit: int = _SHOWN) -> str:
    """Text that cannot play with a page or a terminal: cut, and only what can be printed."""
    shown = text if len(text) <= limit else f"{text[: limit - 1]}…"
    return "".join(character if character.isprintable() else "\ufffd" for character in shown)


def number(value: float | None, digits: int = 3) -> str:
    """So many significant digits, no exponent: 0.0451, 2.6, 1,204."""
    if value is None:
        return UNKNOWN
    if value == 0:
        return "0"
    rounded = float(f"{value:.{digits - 1}e}")
    decimals = max(0, digits - 1 - floor(log10(abs(rounded))))
    return f"{rounded if decimals else value:,.{min(decimals, 12)}f}"


def fixed(value: float) -> str:
    """Four decimals: 0.9983, 1.0000."""
    return f"{value:.4f}"


def plain(value: float) -> str:
    """A round number without needless zeros: 2e-4, 0.05, 20, 1,000."""
    if 0 < value < _LEAST_WRITTEN_OUT:
        digits, power = f"{value:.9e}".split("e")
        return f"{digits.rstrip('0').rstrip('.')}e{int(power)}"
    return f"{value:.9f}".rstrip("0").rstrip(".") if value < 1 else f"{value:,.10g}"


def megabytes(size: float | None) -> str:
    """Bytes as millions of bytes: 4.63, 22.9, 438."""
    return UNKNOWN if size is None else number(size / 1e6)


def percent(share: float) -> str:
    """0.0312 as 3.1 %."""
    return f"{100 * share:.1f} %"


def plural(count: int, noun: str) -> str:
    """1 round, 2 rounds."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
