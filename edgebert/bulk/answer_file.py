"""Every text of a file to a line of JSON, in order, by several threads, without a line lost."""

from __future__ import annotations

import contextlib
import json
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import Any, BinaryIO
from uuid import uuid4

from edgebert.bulk.fingerprint import digest, quick_fingerprint
from edgebert.bulk.resumable import SAVE_EVERY, OutputPosition, resumable
from edgebert.bulk.shard import WHOLE, Shard
from edgebert.errors import EdgebertError
from edgebert.evaluation.columns import USUAL, Columns
from edgebert.evaluation.texts import Text, open_texts, read_texts
from edgebert.files import refuse_same
from edgebert.progress import Progress, silent
from edgebert.runtime.model import Model
from edgebert.runtime.reply import Reply
from edgebert.version import __version__

ToLine = Callable[[Text, Reply], str]

_NOTHING: Mapping[str, Any] = MappingProxyType({})
_PROGRESS_EVERY = 64


def answer_file(
    model: Model,
    source: Path,
    output: Path,
    to_line: ToLine,
    *,
    stream: BinaryIO | None = None,
    columns: Columns = USUAL,
    pair: str | None = None,
    shard: Shard = WHOLE,
    options: Mapping[str, Any] = _NOTHING,
    workers: int | None = None,
    force: bool = False,
    progress: Progress = silent,
    save_every: float = SAVE_EVERY,
) -> OutputPosition:
    """Answers the texts of a file into a file of as many lines.

    The same call goes on with an output that is unfinished; the result is, byte for byte, that of
    a call that was never broken off, with any number of workers. The input is read once before,
    so that a line that cannot be read is told at once and not after hours.

    Args:
        model: that answers.
        source: the input; see `read_texts`.
        output: the file to write; see `resumable`.
        to_line: makes a line of a text and its reply; the same of the same.
        stream: is read instead of the file `source`; such an output cannot be taken up.
        columns: of the input; see `read_texts`.
        pair: of the texts that have none.
        shard: the part of the file's texts that is answered.
        options: of the answers, as `Model.batch` takes them.
        workers: see `Model.batch`.
        force: begin anew, whatever there is.
        progress: told about bytes of the input.
        save_every: seconds; see `resumable`.

    Returns:
        How many lines the output has, and how many texts were cut off.

    Raises:
        EdgebertError: wrong input, a part of a stream, or an output that cannot be written or taken
            up.
    """
    if stream is not None and shard != WHOLE:
        raise EdgebertError(f"shard {shard}: a part of a file; this is a stream, of unknown length")
    refuse_same(output, source, model.path)
    with open_texts(source) if stream is None else contextlib.nullcontext(stream) as file:
        if stream is None:
            mine, known = shard.of(_checked(source, file, columns)), quick_fingerprint(source)
        else:
            mine, known = None, f"stream {uuid4()}"
        made_of = {
            "the input": known,
            "the model": digest(model.path),
            "the program": f"edgebert {__version__} with {model.engine}",
            "the pair or an option": json.dumps(
                {
                    "pair": pair,
                    "threshold": model.threshold,
                    "columns": columns.to_json(),
                    "shard": str(shard),
                    **options,
                },
                sort_keys=True,
            ),
        }
        with resumable(output, made_of, force=force, save_every=save_every) as lines:
            first, end = (0, None) if mine is None else (mine.start, mine.stop)
            every = read_texts(source, file, pair, columns)
            texts = islice(every, first + lines.position.lines, end)
            total = None if stream else source.stat().st_size
            for text, reply in answer_texts(model, texts, options=options, workers=workers):
                lines.write(to_line(text, reply), truncated=reply.truncated)
                if lines.position.lines % _PROGRESS_EVERY == 0:
                    progress(lines.position.lines if stream else file.tell(), total, source.name)
    return lines.position


def answer_texts(
    model: Model,
    texts: Iterator[Text],
    *,
    options: Mapping[str, Any] = _NOTHING,
    workers: int | None = None,
) -> Iterator[tuple[Text, Reply]]:
    """Texts with their replies, in order; see `Model.batch`.

    Raises:
        EdgebertError: a text that the model cannot answer; file and line are named.
    """
    waiting: deque[Text] = deque()

    def items() -> Iterator[tuple[str, str | None]]:
        for text in texts:
            waiting.append(text)
            yield text.text, text.pair

    replies = model.batch(items(), workers=workers, replies=True, **options)
    with contextlib.closing(replies):
        try:
            for reply in replies:
                yield waiting.popleft(), reply
        except EdgebertError as error:
            if not waiting:  # then it is not about a text, but about reading the next one
                raise
            raise EdgebertError(f"{waiting[0].place}: {error}") from error


def answer_one_by_one(
    model: Model, texts: Iterator[Text], *, options: Mapping[str, Any] = _NOTHING
) -> Iterator[tuple[Text, Reply]]:
    """`answer_texts` for texts that come slowly: each is answered before the next is read."""
    for text in texts:
        try:
            reply = model.reply(text.text, text.pair, **options)
        except EdgebertError as error:
            raise EdgebertError(f"{text.place}: {error}") from error
        yield text, reply


def _checked(source: Path, file: BinaryIO, columns: Columns) -> int:
    """Reads a whole input, goes back to its beginning, and gives how many texts it has."""
    count = sum(1 for _ in read_texts(source, file, columns=columns))
    file.seek(0)
    return count
