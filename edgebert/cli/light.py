"""The command without Typer, as `pip install edgebert` alone gives it: run, demo and doctor.

They call what the whole command calls. Every other verb, and every other option, is named with the
extra that brings it.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import NoReturn

from edgebert.cli.exit_status import WRONG_INPUT, exit_statuses
from edgebert.errors import EdgebertError
from edgebert.extras import install
from edgebert.version import __version__

EXTRA_OF_VERB: Mapping[str, str] = MappingProxyType(
    {
        "convert": "convert",
        "run": "cli",
        "inspect": "cli",
        "evaluate": "cli",
        "benchmark": "cli",
        "search": "cli",
        "teach": "cli",
        "serve": "serve",
        "pick": "cli",
        "check-data": "cli",
        "fit": "train",
        "pretrain": "train",
        "finetune": "train",
        "distill": "train",
        "augment": "convert",
        "train-report": "train",
        "models": "cli",
        "demo": "convert",
        "doctor": "cli",
    }
)
"""The extra with which all of a verb works."""

_WITHOUT_EXTRAS = ("run", "demo", "doctor")
_EPILOG = f"""\
examples:
  edgebert run intents "I lost my card"
  edgebert demo
  edgebert doctor

Further verbs ({", ".join(verb for verb in EXTRA_OF_VERB if verb not in _WITHOUT_EXTRAS)})
and further options of run come with extras; edgebert doctor says which are missing:
  {install("cli")}
"""


class _Parser(ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise EdgebertError(f"{message}; {self.prog} --help shows what is accepted")


def run_light(arguments: Sequence[str]) -> None:
    """Runs the program with these arguments."""
    with exit_statuses():
        if not arguments:
            _parser().print_help(sys.stderr)
            raise SystemExit(WRONG_INPUT)
        verb = arguments[0]
        if verb in EXTRA_OF_VERB and verb not in _WITHOUT_EXTRAS:
            raise _needs(verb, verb)
        given, unknown = _parser().parse_known_args(arguments)
        if unknown:
            raise _needs(f"{verb} {unknown[0]}", verb)
        if verb == "demo":
            from edgebert.cli.demonstration import show_demo

            show_demo()
        elif verb == "doctor":
            from edgebert.cli.findings import print_findings

            print_findings(as_json=given.as_json)
        else:
            _run(given.file, given.texts, as_json=given.as_json)


def _run(file: str, texts: Sequence[str], *, as_json: bool) -> None:
    from edgebert.bulk.answer_file import answer_one_by_one
    from edgebert.cli.answers import print_json_reply, print_reply_line
    from edgebert.evaluation.texts import read_texts
    from edgebert.runtime.loading import load

    print_reply = print_json_reply if as_json else print_reply_line
    with load(file) as model:
        if texts == ["-"]:
            lines = read_texts(Path("-"), sys.stdin.buffer)
            for line, reply in answer_one_by_one(model, lines):
                print_reply(model, line.text, line.pair, reply)
        else:
            for text in texts:
                print_reply(model, text, None, model.reply(text, None))


def _needs(what: str, verb: str) -> EdgebertError:
    return EdgebertError(f"edgebert {what} needs typer: {install(EXTRA_OF_VERB[verb])}")


def _parser() -> ArgumentParser:
    parser = _Parser(
        "edgebert",
        description="Answers texts with a file that edgebert convert wrote.",
        epilog=_EPILOG,
        formatter_class=RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"edgebert {__version__}")
    verbs = parser.add_subparsers(required=True, metavar="VERB", dest="verb")
    run = verbs.add_parser("run", help="Answer texts.", allow_abbrev=False)
    run.add_argument("file", metavar="FILE", help="intents, or a .tflite made by edgebert convert.")
    run.add_argument("texts", metavar="TEXT", nargs="+", help="Texts to answer; - is stdin.")
    verbs.add_parser("demo", help="Show what edgebert can do, offline.", allow_abbrev=False)
    doctor = verbs.add_parser("doctor", help="Check this machine; say what to install.")
    for verb in (run, doctor):
        verb.add_argument("--json", dest="as_json", action="store_true", help="Print JSON.")
    return parser
