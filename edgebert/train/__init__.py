"""Training in TensorFlow: fine-tuning and distilling compact BERTs, ready for `convert`."""
