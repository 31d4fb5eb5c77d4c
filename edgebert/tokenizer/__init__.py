"""From text to ids: WordPiece, exact to the original BERT, and ALBERT's unigram pieces."""

from edgebert.tokenizer.options import TokenizerOptions
from edgebert.tokenizer.tokenizer import Encoding, Offsets, Tokenizer

__all__ = ["Encoding", "Offsets", "Tokenizer", "TokenizerOptions"]
