"""edgebert: from a compact BERT checkpoint to one TFLite file that runs on a phone or a Pi."""

from edgebert.version import __version__

__all__ = ["__version__"]
