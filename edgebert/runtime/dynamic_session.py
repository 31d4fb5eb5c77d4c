"""A session of a file that takes any length; the interpreter is resized only when it changes."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from edgebert.arrays import Array
from edgebert.errors import EdgebertError
from edgebert.runtime.chatter import quiet
from edgebert.runtime.engines import ENGINE_ERRORS, engine_error
from edgebert.runtime.forking import fork_safe_lock
from edgebert.runtime.session import INPUTS, NO_FURTHER, check_count, check_further, closed

if TYPE_CHECKING:
    from pathlib import Path

    from edgebert.runtime.delegation import Delegation

Sizes: TypeAlias = tuple[int, ...]
"""Length of `INPUTS`, then of each further input."""


class DynamicSession:
    """Runs token ids through a .tflite with the inputs `INPUTS` [1, n]; see `Session`.

    Lengths are rounded up to a multiple of `step` and padded, so that texts of about the same
    length need no new set-up.

    Args:
        path: the .tflite, for messages.
        engine: name of the engine.
        interpreter: has opened the file.
        max_length: most tokens.
        step: lengths are multiples of it.
        hidden: `run` gives the second output, the hidden state, behind the first: [1, K + H].

    Raises:
        EdgebertError: its inputs are not ours, or it has no second output.
    """

    def __init__(
        self,
        path: str | Path,
        engine: str,
        interpreter: Any,
        *,
        max_length: int,
        step: int,
        hidden: bool = False,
    ) -> None:
        self._path = path
        self.engine, self._interpreter = engine, interpreter
        self.max_length = max_length
        self.inputs: tuple[str, ...] = INPUTS
        self._step = step
        self._lock = fork_safe_lock("session")
        self._sizes: Sizes = ()
        self._tokens = 0
        self._one_segment = True
        self._started = False
        try:
            details = self._interpreter.get_input_details()
            output, *others = self._interpreter.get_output_details()
            self.output_width = int(output["shape"][-1])
        except ENGINE_ERRORS as error:
            raise engine_error(path, engine, "open", error) from error
        found = {detail["name"]: detail["index"] for detail in details}
        if not set(INPUTS) <= set(found):
            raise EdgebertError(
                f"{path}: has the inputs {', '.join(sorted(found))}; needed are {', '.join(INPUTS)}"
            )
        self.further_inputs = tuple(name for name in found if name not in INPUTS)
        self._inputs = [found[name] for name in INPUTS]
        self._further = {name: found[name] for name in self.further_inputs}
        # These functions give views of the interpreter's own memory; the views must not be kept.
        self._ids, self._mask, self._segments = map(self._interpreter.tensor, self._inputs)
        self._output = output["index"]
        if hidden and not others:
            raise EdgebertError(f"{path}: damaged: it has no hidden state beside its scores")
        self._hidden = others[0]["index"] if hidden else None
        self._row_a_token = len(output["shape"]) > 2 and not self._further

    def run(
        self,
        ids: Sequence[int],
        segment_ids: Sequence[int] | None = None,
        further: Mapping[str, Sequence[int]] = NO_FURTHER,
    ) -> Array:
        """See `Session.run`."""
        # On the way of most texts every Python call counts (docs/design.md, "The runtime").
        tokens = len(ids)
        check_count(tokens, self.max_length)
        sizes: Sizes = (min(-(-tokens // self._step) * self._step, self.max_length),)
        if further or self._further:
            check_further(further, self._further, INPUTS, tokens)
            sizes = (*sizes, *(len(further[name]) for name in self._further))
        with self._lock:
            interpreter = self._interpreter
            if interpreter is None:
                raise EdgebertError("the model is closed")
            try:
                if sizes != self._sizes:
                    self._resize(interpreter, sizes)
                # Views of its memory make the interpreter refuse to run, in any thread. Those that
                # `_write` takes are gone when it returns.
                self._write(ids, segment_ids, further)
                interpreter.invoke()
                output: Array = interpreter.get_tensor(self._output)  # a copy
                if self._hidden is not None:
                    output = np.concatenate([output, interpreter.get_tensor(self._hidden)], axis=1)
            except ENGINE_ERRORS as error:
                self._sizes = ()  # what it leaves is not to be used
                raise engine_error(self._path, self.engine, "run", error) from error
        return output[:, :tokens] if self._row_a_token else output

    def watch(self, around: Callable[[Any], Any]) -> None:
        """See `Session.watch`."""
        with self._lock:
            self._interpreter = around(self._interpreter)

    def delegation(self) -> Delegation:
        """See `Session.delegation`."""
        from edgebert.runtime.delegation import delegation

        with self._lock:
            if not self._sizes:
                raise EdgebertError("nothing has run yet, so nothing is delegated yet")
            return delegation(self._interpreter)

    def close(self) -> None:
        """See `Session.close`."""
        with self._lock:
            self._interpreter = None
            self._ids = self._mask = self._segments = closed

    def _write(
        self,
        ids: Sequence[int],
        segment_ids: Sequence[int] | None,
        further: Mapping[str, Sequence[int]],
    ) -> None:
        tokens = len(ids)
        row = self._ids()[0]
        row[:tokens] = ids
        if tokens != self._tokens:  # else all beyond is as it has to be
            row[tokens:] = 0
            row = self._mask()[0]
            row[:tokens] = 1
            row[tokens:] = 0
            self._tokens = tokens
        if segment_ids is not None or not self._one_segment:
            row = self._segments()[0]
            row[:] = 0
            if segment_ids is not None:
                row[:tokens] = segment_ids
            self._one_segment = segment_ids is None
        for name, numbers in further.items():
            self._interpreter.tensor(self._further[name])()[0] = numbers

    def _resize(self, interpreter: Any, sizes: Sizes) -> None:
        self._sizes = ()  # what a failure below leaves is not to be used
        for index in self._inputs:
            interpreter.resize_tensor_input(index, (1, sizes[0]))
        for index, size in zip(self._further.values(), sizes[1:], strict=True):
            interpreter.resize_tensor_input(index, (1, size))
        try:
            with contextlib.nullcontext() if self._started else quiet():
                interpreter.allocate_tensors()
        except ENGINE_ERRORS as error:
            advice = "(on ARM, files made with --runtime litert-2.2 need LiteRT 2.2 or later)"
            message = engine_error(self._path, self.engine, "run", error)
            raise EdgebertError(f"{message} {advice}") from error
        self._started = True
        self._segments()[:] = 0
        self._sizes, self._tokens, self._one_segment = sizes, 0, True
