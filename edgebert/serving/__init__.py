"""Converted models as a small HTTP service: JSON in, JSON out, on a port or a Unix socket."""
