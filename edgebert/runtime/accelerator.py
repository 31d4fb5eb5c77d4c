"""A file on a GPU, by LiteRT's CompiledModel, with the face of an Interpreter."""

from __future__ import annotations

import atexit
import contextlib
import functools
import math
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from edgebert.errors import EdgebertError
from edgebert.model_file.contents import read_contents
from edgebert.model_file.fixed_graphs import FloatGraphs, Integer
from edgebert.runtime.chatter import quiet
from edgebert.runtime.delegation import Delegation
from edgebert.runtime.engines import ENGINE_ERRORS

if TYPE_CHECKING:
    from edgebert.arrays import Array
    from edgebert.model_file.fixed_graphs import FixedGraphs
    from edgebert.model_file.record import Record
    from edgebert.runtime.self_test import SelfTestReport
    from edgebert.support import EngineName

LEAST_FLOAT, LEAST_INTEGER = 0.999, 0.95
"""Cosine of an answer of the self-test with the recorded one: of float files, of whole numbers."""

_TIMES_ITS_LOSS = 10.0
"""How many times further a GPU may be from the recorded answers than those are from float32. It
rounds whole numbers in its own way, so the two are about as far from each other as each is from
float32 (2/128, 4/256 and MiniLM: 1.1 times); misread, 50 times and more."""

_STDOUT, _STDERR = 1, 2

_LEFT = re.compile(rb"remaining (\d+) operations will run on the CPU")
_REASONS: Mapping[bytes, str] = MappingProxyType(
    {
        b"No adapters found": "it finds no GPU here (of Vulkan, Metal or Direct3D 12)",
        b"Failed to initialize kernel": "it gave up on the graph",
    }
)
"""What the engine writes where it fails, which its exceptions do not tell, in plain words."""


class CompiledFile:
    """An open file whose graphs a GPU runs, as far as it takes them; the processor runs the rest.

    Args:
        path: the .tflite.
        fixed: what its record says of its graphs.
        threads: of what the processor runs.

    Raises:
        EdgebertError: the graphs take any length, LiteRT is not installed or has no GPU here, or it
            refuses the file.
    """

    def __init__(self, path: str | Path, fixed: FixedGraphs | None, threads: int) -> None:
        if fixed is None:
            raise EdgebertError(
                f"{path}: takes texts of any length, which the gpu cannot; convert it with "
                "--length N --target gpu"
            )
        if isinstance(fixed, Integer) and fixed.output_type == "int16":
            raise EdgebertError(
                f"{path}: gives int16, which LiteRT's CompiledModel does not; convert it with "
                "--quantize int8-full or float32"
            )
        self._path = path
        self._runners, self._left = _compiled(path, fixed, threads)

    def get_signature_runner(self, key: str) -> _Runner:
        """What runs one graph; see `Interpreter.get_signature_runner`."""
        return self._runners[key]

    @property
    def delegation(self) -> Delegation:
        """How much of the graphs the GPU runs; it tells of no pieces."""
        ops = sum(use.count for use in read_contents(Path(self._path)).uses)
        return Delegation(ops, 0 if self._left is None else ops - self._left, 1)


def open_on_gpu(
    path: str | Path, fixed: FixedGraphs | None, *, engine: EngineName, threads: int
) -> tuple[str, CompiledFile]:
    """The engine's name and the file, as `engines.open_interpreter` gives them.

    Raises:
        EdgebertError: see `CompiledFile`.
    """
    if engine == "tflite-runtime":
        raise EdgebertError("accelerator gpu: is for the engine litert, not for tflite-runtime")
    return "litert", CompiledFile(path, fixed, threads)


def require_right_answers(path: str | Path, report: SelfTestReport, record: Record) -> None:
    """Refuses a GPU that answers otherwise than the machine where the file was made.

    Nothing else tells: a GPU that misreads a graph runs it without a word.

    Raises:
        EdgebertError: it does.
    """
    least = least_cosine(record)
    wrong = list(report.failures)
    if not report.lowest_cosine >= least:
        wrong.append(f"cosine {report.lowest_cosine:.4f} with its recorded answers")
    if wrong:
        raise EdgebertError(
            f"{path}: the gpu answers wrongly ({wrong[-1]}; {least:.4g} is needed); convert it "
            "with --target gpu, or run it on the cpu"
        )


def least_cosine(record: Record) -> float:
    """That any answer of a file must have with the recorded one.

    A file of whole numbers is held to what it lost when it was made: many probabilities that are
    nearly alike have a cosine of 0.9985 though they are wrong.
    """
    if record.integer is None:
        return LEAST_FLOAT
    lost = 1 - float(record.check.get("mean_cosine", 0.0))
    return min(max(1 - _TIMES_ITS_LOSS * lost, LEAST_INTEGER), LEAST_FLOAT)


def _compiled(
    path: str | Path, fixed: FixedGraphs, threads: int
) -> tuple[dict[str, _Runner], int | None]:
    """What runs each graph, and how many ops are left to the processor (None: not known)."""
    captured = bytearray()
    try:
        from ai_edge_litert.compiled_model import CompiledModel
        from ai_edge_litert.hardware_accelerator import HardwareAccelerator
        from ai_edge_litert.options import CpuOptions, GpuOptions, Options
    except ImportError as error:
        raise EdgebertError(
            f"{path}: a gpu needs LiteRT 2.3 or later (pip install 'ai-edge-litert>=2.3')"
        ) from error
    options = Options(
        hardware_accelerators=HardwareAccelerator.GPU | HardwareAccelerator.CPU,
        cpu_options=CpuOptions(num_threads=threads),
        gpu_options=GpuOptions(enforce_f32=isinstance(fixed, FloatGraphs)),
    )
    try:
        with quiet(pass_on=False, captured=captured), _nothing_on_stdout():
            model = CompiledModel.from_file(str(path), options=options, environment=_environment())
            keys = list(model.get_signature_list())
            runners = {key: _Runner(model, number, key, fixed) for number, key in enumerate(keys)}
    except (*ENGINE_ERRORS, KeyError) as error:
        reason = next((text for mark, text in _REASONS.items() if mark in captured), None)
        shown = reason or " ".join(str(error).split())[-200:]
        raise EdgebertError(f"{path}: litert cannot open it on a gpu: {shown}") from error
    if model.is_fully_accelerated():
        return runners, 0
    left = _LEFT.search(captured)
    return runners, int(left[1]) if left else None


@contextlib.contextmanager
def _nothing_on_stdout() -> Iterator[None]:
    """Keeps a line of the engine about OpenCL out of what the program prints."""
    kept, nowhere = os.dup(_STDOUT), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, _STDOUT)
    try:
        yield
    finally:
        os.dup2(kept, _STDOUT)
        os.close(kept)
        os.close(nowhere)


@functools.cache
def _environment() -> Any:
    """LiteRT's environment: one a process, since it takes the GPU once."""
    import ai_edge_litert
    from ai_edge_litert.environment import Environment

    # When all of Python is done it writes to stderr that it lets go of the GPU.
    atexit.register(lambda: os.dup2(os.open(os.devnull, os.O_WRONLY), _STDERR))
    return Environment.create(runtime_path=str(Path(ai_edge_litert.__file__).parent))


class _Runner:
    """One graph; see `Interpreter.get_signature_runner`."""

    def __init__(self, model: Any, number: int, key: str, fixed: FixedGraphs) -> None:
        self._model, self._number = model, number
        self._names = list(model.get_signature_by_index(number)["inputs"])
        self._inputs = model.create_input_buffers(number)
        self._outputs = model.create_output_buffers(number)
        self._given = model.get_input_tensor_details(key)
        output = model.get_output_tensor_details(key)["output"]
        self._type = np.dtype(output["dtype"])
        scale, zero_point = 0.0, 0  # which CompiledModel does not tell
        if isinstance(fixed, Integer):
            scale, zero_point = fixed.output_scale, fixed.output_zero_point
        self._output = {**output, "quantization": (scale, zero_point)}
        for name, buffer in zip(self._names, self._inputs, strict=True):
            # The first write tells many things about itself on stderr, which nobody hears now.
            buffer.write(np.zeros(self._given[name]["shape"], np.int32))

    def get_input_details(self) -> Mapping[str, Any]:
        """Shapes and types of the inputs by name."""
        found: dict[str, Any] = self._given
        return found

    def get_output_details(self) -> Mapping[str, Any]:
        """Shape, type and scale of the output."""
        return {"output": self._output}

    def __call__(self, **values: Any) -> dict[str, Array]:
        """Runs the graph."""
        for name, buffer in zip(self._names, self._inputs, strict=True):
            buffer.write(values[name])
        self._model.run_by_index(self._number, self._inputs, self._outputs)
        shape = self._output["shape"]
        read = self._outputs[0].read(math.prod(shape), self._type)
        return {"output": read.reshape(shape)}
