"""What a compact BERT is: configuration, weights, tasks and the catalogue of the 24."""
