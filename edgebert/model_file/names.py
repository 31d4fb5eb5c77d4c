"""The names of what lies in a file beside its graph.

Apart from `metadata`, so that reading a file needs no flatbuffers package: tflite-runtime brings
none.
"""

VOCABULARY_FILE = "vocab.txt"
UNIGRAM_FILE = "unigram.json"
LABELS_FILE = "labels.txt"
RECORD_FILE = "edgebert.json"
