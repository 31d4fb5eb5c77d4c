"""Distillation: a student learns from a teacher's scores, and perhaps from its activations."""
