"""Checkpoints as files of the formats that are written."""
