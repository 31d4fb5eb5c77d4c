"""`edgebert serve`: converted files as a small HTTP service."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from edgebert.errors import EdgebertError
from edgebert.extras import needed_for

if TYPE_CHECKING:
    from edgebert.serving.app import ServiceLimits
    from edgebert.serving.served_model import ServedModel
    from edgebert.serving.server import ListenAddress

_HOST = "127.0.0.1"
_PORT = 8765
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_SHORTEST_TOKEN = 16


def serve(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE...",
            help="Files made by edgebert convert. A model is asked for by its file's name without "
            "ending, or by NAME where NAME=FILE is given.",
        ),
    ],
    host: Annotated[
        str, typer.Option(help="Address to listen on; one that others reach needs --token-file.")
    ] = _HOST,
    port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="Port to listen on.", show_default=str(_PORT)),
    ] = None,
    socket: Annotated[
        Path | None,
        typer.Option(help="Unix socket to listen on; beside a port only if --port is given, too."),
    ] = None,
    token_file: Annotated[
        Path | None,
        typer.Option(
            help="File with the token that requests have to show (Authorization: Bearer TOKEN)."
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Requests answered at once; those of one model take turns.",
            show_default="one a CPU, at most 4",
        ),
    ] = None,
    max_waiting: Annotated[
        int, typer.Option(min=0, help="Requests that may wait; further ones are turned away.")
    ] = 64,
    max_texts: Annotated[int, typer.Option(min=1, help="Texts of one request.")] = 256,
    max_kb: Annotated[int, typer.Option(min=1, help="Kilobytes of one request.")] = 1024,
    threads: Annotated[int, typer.Option(min=1, help="Threads of one answer.")] = 1,
    engine: Annotated[str, typer.Option(help="auto, litert or tflite-runtime.")] = "auto",
    print_unit: Annotated[
        Literal["service", "socket"] | None,
        typer.Option(
            help="Print the systemd unit of this very command, or of the socket that starts it, "
            "and do nothing else."
        ),
    ] = None,
) -> None:
    """Answer texts over HTTP: POST /models/NAME takes {"text": "…"} and gives the answer as JSON.

    GET /models lists the models, /health says whether they are well, and /metrics has counters for
    Prometheus. A file that is replaced is opened anew; one that is damaged or fails its self-test
    is not used, and /health says so. Texts are never logged. SIGTERM stops the service once
    everything that has begun is answered. It needs the extra serve.

    \b
    Examples:
      edgebert serve intents.tflite
      curl localhost:8765/models/intents -d '{"text": "I lost my card"}'
      edgebert serve intents.tflite minilm=models/v2.tflite --socket /run/edgebert/edgebert.sock
      edgebert serve /opt/edgebert/intents.tflite --print-unit service
    """  # noqa: D301
    paths = _by_name(files)
    with needed_for("edgebert serve"):
        from edgebert.serving.app import ServiceLimits
        from edgebert.serving.server import ListenAddress
    from edgebert.runtime.batch import usable_workers
    from edgebert.serving.served_model import ServedModel

    place = ListenAddress(host, _PORT if port is None and socket is None else port, socket)
    if print_unit is not None:
        _print_unit(print_unit, place)
        return
    token = _token(token_file, host if place.port is not None else _HOST)
    models = {
        name: ServedModel(name, path, engine=engine, threads=threads)  # type: ignore[arg-type]
        for name, path in paths.items()
    }
    limits = ServiceLimits(workers or usable_workers(), max_waiting, max_texts, max_kb << 10)
    _run(models, limits, token, place)


def _by_name(files: list[str]) -> dict[str, Path]:
    """The path of each model, by the name in its address."""
    from edgebert.model_file.packaged import find_model

    found: dict[str, Path] = {}
    for given in files:
        name, equals, path = given.partition("=")
        if not equals or Path(given).exists():
            name, path = Path(given).stem, given
        if not _NAME.fullmatch(name):
            raise EdgebertError(
                f"{given}: {name!r} cannot stand in an address; give NAME=FILE with a NAME of at "
                "most 64 letters, digits, '.', '_' and '-'"
            )
        if name in found:
            raise EdgebertError(f"two models are called {name!r}; give one of them as NAME=FILE")
        found[name] = Path(find_model(path))
    return found


def _token(token_file: Path | None, host: str) -> str | None:
    from edgebert.serving.server import is_loopback
    from edgebert.text_files import read_text

    if token_file is None:
        if not is_loopback(host):
            raise EdgebertError(
                f"{host} can be reached by others; give --token-file FILE with a secret, or listen "
                f"on {_HOST}"
            )
        return None
    token = read_text(token_file).strip()
    if len(token) < _SHORTEST_TOKEN or not token.isascii() or not token.isprintable():
        raise EdgebertError(
            f"{token_file}: a token is one line of at least {_SHORTEST_TOKEN} ASCII characters"
        )
    return token


def _print_unit(which: Literal["service", "socket"], place: ListenAddress) -> None:
    from edgebert.serving.systemd import service_unit, socket_unit

    if which == "socket":
        typer.echo(socket_unit(place.addresses()), nl=False)
        return
    typer.echo(service_unit(_this_command()), nl=False)


def _this_command() -> list[str]:
    """The command that was given, without --print-unit, its files as absolute paths."""
    words: list[str] = []
    given = iter(sys.argv[1:])
    for word in given:
        if word == "--print-unit":
            next(given, None)
        elif not word.startswith("--print-unit="):
            words.append(_absolute(word))
    return [sys.executable, "-m", "edgebert", *words]


def _absolute(word: str) -> str:
    """A word of a command line with the path of a file that exists, if it names one, in full."""
    name, equals, path = word.partition("=")
    if os.path.isfile(word):  # noqa: PTH113 (any word can be asked about)
        return os.path.abspath(word)  # noqa: PTH100 (links stay as they are)
    if equals and os.path.isfile(path):  # noqa: PTH113
        return f"{name}={os.path.abspath(path)}"  # noqa: PTH100
    return word


def _run(
    models: dict[str, ServedModel], limits: ServiceLimits, token: str | None, place: ListenAddress
) -> None:
    from edgebert.serving.app import Service
    from edgebert.serving.server import listening, run_until_stopped, shown

    with listening(place) as sockets:
        where = " and ".join(map(shown, sockets))
        typer.echo(f"{', '.join(models)}: answering on {where}")
        sys.stdout.flush()
        run_until_stopped(Service(models, limits, token).app(), sockets)
