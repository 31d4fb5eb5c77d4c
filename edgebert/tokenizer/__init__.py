"""WordPiece, exact to the original BERT."""
