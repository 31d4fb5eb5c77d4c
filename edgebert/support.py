"""What edgebert runs on: Pythons, engines, and what pip installs for those."""

from __future__ import annotations

from typing import Literal, TypeAlias

PYTHONS = ((3, 10), (3, 14))
"""The oldest and the newest Python that edgebert is tested with."""

EngineName: TypeAlias = Literal["auto", "litert", "tflite-runtime"]

AcceleratorName: TypeAlias = Literal["cpu", "gpu"]
AcceleratorChoice: TypeAlias = Literal["cpu", "gpu", "auto"]

LITERT = ("ai-edge-litert>=2.1",)
TFLITE_RUNTIME = ("tflite-runtime==2.14.0", "numpy<2")
"""Requirements of the engines, as `pyproject.toml` has them."""


def version_text(version: tuple[int, ...]) -> str:
    """(3, 10) as 3.10."""
    return ".".join(map(str, version))
