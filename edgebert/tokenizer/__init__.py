"""From text to ids: WordPiece, exact to the original BERT, and ALBERT's unigram pieces."""

from edgebert.tokenizer.options import TokenizerOptions
from edgebert.tokenizer.tokenizer import Encoding, Offsets, Tokenizer
from edgebert.tokenizer.unigram import UnigramModel

__all__ = ["Encoding", "Offsets", "Tokenizer", "TokenizerOptions", "UnigramModel"]
