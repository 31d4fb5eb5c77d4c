"""`edgebert demo`: what edgebert can do, on this machine and without a network."""

from __future__ import annotations


def demo() -> None:
    """Show what edgebert can do, here and offline; a minute at most.

    The model that comes with edgebert passes its self-test, answers some sentences, and 1,000
    questions of bank customers one after the other. Then all-MiniLM-L6-v2 is converted to int8 and
    to float32, searches the same questions by meaning, and both are compared; for that the extra
    “convert” and a package with its weights are needed, whose names are printed.

    \b
    Examples:
      edgebert demo
    """  # noqa: D301
    from edgebert.cli.demonstration import show_demo

    show_demo()
