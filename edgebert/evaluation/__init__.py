"""Accuracy on a labelled data set: readers and metrics."""
