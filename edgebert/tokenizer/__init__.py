"""WordPiece, exact to the original BERT."""

from edgebert.tokenizer.options import TokenizerOptions
from edgebert.tokenizer.wordpiece import Encoding, Offsets, Tokenizer

__all__ = ["Encoding", "Offsets", "Tokenizer", "TokenizerOptions"]
