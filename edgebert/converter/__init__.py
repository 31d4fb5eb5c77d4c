"""From a checkpoint to a checked .tflite, without TensorFlow.

The package is not called `convert` because `edgebert.convert` is the function.
"""
