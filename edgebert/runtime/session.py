"""One open model: ids in, output out; the interpreter is resized only when the length changes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeAlias

from edgebert.bert.weights import Array
from edgebert.errors import EdgebertError
from edgebert.runtime.engines import EngineName, open_interpreter

if TYPE_CHECKING:
    from edgebert.runtime.delegation import Delegation

INPUTS = ("ids", "mask", "segment_ids")
"""What every file takes: [1, n], a value for each token."""

Sizes: TypeAlias = tuple[int, ...]
"""Length of `INPUTS`, then of each further input."""

_NOTHING: Mapping[str, Sequence[int]] = MappingProxyType({})


class Session:
    """Runs token ids through a .tflite with the inputs `ids`, `mask` and `segment_ids` [1, n].

    A file may have further inputs [1, m], whose values are numbers of tokens; its output then has
    a row for each of them.

    Lengths are rounded up to a multiple of `step` and padded, so that texts of about the same
    length need no new set-up. Threads may share a session; they take turns.

    Attributes:
        engine: the name of the engine that runs it.
        output_width: size of the output's last axis.
        further_inputs: names of the inputs beside `INPUTS`.

    Args:
        path: the .tflite.
        engine: see `engines.open_interpreter`.
        threads: of one inference.
        needs: TFLite version that the file needs.
        max_length: most tokens.
        vocab_size: ids are below it.
        step: lengths are multiples of it. Kernels take four rows at a time (AVX2, NEON), so four
            tokens cost what one does.

    Raises:
        EdgebertError: no engine opens the file, or its inputs are not ours.
    """

    def __init__(
        self,
        path: Path,
        *,
        max_length: int,
        vocab_size: int,
        engine: EngineName = "auto",
        threads: int = 1,
        needs: str = "0",
        step: int = 4,
    ) -> None:
        self.engine, self._interpreter = open_interpreter(
            path, engine=engine, threads=threads, needs=needs
        )
        self.max_length = max_length
        self._vocab_size = vocab_size
        self._step = step
        self._lock = threading.Lock()
        self._sizes: Sizes = ()
        self._tokens = 0
        self._one_segment = True
        details = self._interpreter.get_input_details()
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
        output = self._interpreter.get_output_details()[0]
        self._output = self._interpreter.tensor(output["index"])
        self.output_width = int(output["shape"][-1])
        self._row_a_token = len(output["shape"]) > 2 and not self._further

    def run(
        self,
        ids: Sequence[int],
        segment_ids: Sequence[int] | None = None,
        further: Mapping[str, Sequence[int]] = _NOTHING,
    ) -> Array:
        """The output for one input.

        Args:
            ids: token ids, from 1 to `max_length` of them, in range (`check_ids`).
            segment_ids: 0 or 1 for each token; None: all 0.
            further: values of `further_inputs` by name: numbers of tokens, from 0.

        Returns:
            A copy of the output; where it has a row for each token, without padding.

        Raises:
            EdgebertError: too many or no ids, further inputs that the file has not or that it
                lacks, or values that are no tokens.
        """
        sizes = self._sizes_of(ids, further)
        with self._lock:
            interpreter = self._interpreter
            if interpreter is None:
                raise EdgebertError("the model is closed")
            if sizes != self._sizes:
                self._resize(interpreter, sizes)
            # Views of its memory make the interpreter refuse to run, in any thread. Those that
            # these methods take are gone when they return.
            self._write(ids, segment_ids, further)
            interpreter.invoke()
            return self._read(len(ids))

    def check_ids(self, ids: Sequence[int]) -> None:
        """Refuses ids that do not come from the file's own tokenizer and are out of range.

        Raises:
            EdgebertError: one of them is not in the vocabulary.
        """
        for number in ids:
            if not 0 <= number < self._vocab_size:
                raise EdgebertError(f"id {number}: ids go from 0 to {self._vocab_size - 1}")

    def watch(self, around: Callable[[Any], Any]) -> None:
        """Puts something around the interpreter, such as a clock.

        Args:
            around: takes the interpreter and gives what is used in its place; that must pass on
                every call.
        """
        with self._lock:
            self._interpreter = around(self._interpreter)

    def delegation(self) -> Delegation:
        """How much of the graph XNNPACK runs.

        Raises:
            EdgebertError: before the first `run`, which is when the graph is handed over.
        """
        from edgebert.runtime.delegation import delegation

        with self._lock:
            if not self._sizes:
                raise EdgebertError("nothing has run yet, so nothing is delegated yet")
            return delegation(self._interpreter)

    def close(self) -> None:
        """Frees the interpreter; the session cannot be used any more."""
        with self._lock:
            self._interpreter = None
            self._ids = self._mask = self._segments = self._output = _closed

    def _sizes_of(self, ids: Sequence[int], further: Mapping[str, Sequence[int]]) -> Sizes:
        """Checks all values; gives the length of `INPUTS` and those of the further inputs."""
        tokens = len(ids)
        if not 1 <= tokens <= self.max_length:
            raise EdgebertError(f"{tokens} ids given; the model takes 1 to {self.max_length}")
        length = min(-(-tokens // self._step) * self._step, self.max_length)
        if not further and not self._further:
            return (length,)
        if further.keys() != self._further.keys():
            raise EdgebertError(
                f"the inputs {_list(further)} are given beside {', '.join(INPUTS)}; "
                f"the model takes {_list(self._further)}"
            )
        for name, numbers in further.items():
            if not numbers or min(numbers) < 0 or max(numbers) >= tokens:
                raise EdgebertError(
                    f"{name} {list(numbers)[:8]}: one or more numbers from 0 to {tokens - 1} "
                    f"are needed, for {tokens} tokens"
                )
        return (length, *(len(further[name]) for name in self._further))

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

    def _read(self, tokens: int) -> Array:
        output: Array = self._output()
        return (output[:, :tokens] if self._row_a_token else output).copy()

    def _resize(self, interpreter: Any, sizes: Sizes) -> None:
        self._sizes = ()  # what a failure below leaves is not to be used
        for index in self._inputs:
            interpreter.resize_tensor_input(index, (1, sizes[0]))
        for index, size in zip(self._further.values(), sizes[1:], strict=True):
            interpreter.resize_tensor_input(index, (1, size))
        interpreter.allocate_tensors()
        self._segments()[:] = 0
        self._sizes, self._tokens, self._one_segment = sizes, 0, True


def _list(names: Iterable[str]) -> str:
    return ", ".join(names) or "none"


def _closed() -> Any:
    raise EdgebertError("the model is closed")
