"""Quantisation-aware training: the graph that `convert` writes, computed in TensorFlow."""
