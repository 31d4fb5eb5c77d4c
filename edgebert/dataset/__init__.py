"""Labelled data before anything is trained on it: its faults, and its splits."""
