"""The version of edgebert, read by the build and written into every converted file."""

__version__ = "0.1.0"
