"""Options that are declared as fields reach the verb as the dataclass."""

from dataclasses import dataclass
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from edgebert.cli.grouped import grouped


@dataclass(frozen=True)
class Pace:
    speed: Annotated[int, typer.Option(help="How fast.")] = 3
    far: Annotated[bool, typer.Option("--far", help="How far.")] = False


@dataclass(frozen=True)
class Slower(Pace):
    speed: Annotated[int, typer.Option(help="How slowly.")] = 1


def program(kind):
    got = []
    app = typer.Typer()

    @app.command()
    @grouped
    def walk(
        *,
        where: Annotated[str, typer.Argument()],
        by: Annotated[str | None, typer.Option("--on", help="Which road.")] = None,
        pace: kind,
    ) -> None:
        """Walks."""
        got.append((where, by, pace))

    return app, got


@pytest.mark.parametrize(("kind", "usual", "told"), [(Pace, 3, "fast"), (Slower, 1, "slowly")])
def test_fields_are_options(kind, usual, told):
    app, got = program(kind)
    runner = CliRunner()
    assert runner.invoke(app, ["home"]).exit_code == 0
    assert runner.invoke(app, ["--far", "home", "--speed", "5", "--on", "a"]).exit_code == 0
    assert got == [("home", None, kind(usual, False)), ("home", "a", kind(5, True))]
    shown = runner.invoke(app, ["--help"]).stdout
    assert f"How {told}" in shown
    assert "Which road." in shown
    assert "Walks." in shown
