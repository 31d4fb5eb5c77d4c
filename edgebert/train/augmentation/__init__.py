"""More texts from those at hand, their words replaced by others. Needs no TensorFlow."""
