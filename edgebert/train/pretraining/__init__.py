"""Masked language modelling on plain text: what a compact BERT begins with."""
