"""LiteRT's schema objects, with which .tflite files are read and written."""

from __future__ import annotations

from edgebert.errors import EdgebertError

try:
    from ai_edge_litert import schema_py_generated as schema
except ModuleNotFoundError as error:  # where tflite-runtime runs converted files
    raise EdgebertError(
        "what is inside a .tflite can be read and written only where ai-edge-litert is installed "
        "(pip install ai-edge-litert; it has no wheel for 32-bit ARM)"
    ) from error

__all__ = ["schema"]
