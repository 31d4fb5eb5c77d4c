"""WordPiece, exact to the original BERT."""

from edgebert.tokenizer.options import TokenizerOptions
from edgebert.tokenizer.wordpiece import Encoding, Span, Tokenizer

__all__ = ["Encoding", "Span", "Tokenizer", "TokenizerOptions"]
