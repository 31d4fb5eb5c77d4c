"""From a checkpoint to a checked .tflite, without TensorFlow."""
