"""The .tflite as a file: metadata, vocabulary, labels and edgebert's own record."""
