"""Takes the Kotlin and Java out of the Android docs, for Maven to compile (`make test-android`).

    python -m tools.docs.android_snippets build/android-snippets

A snippet with a class of its own is a file as it stands; others become a function's body. What a
snippet presupposes is declared here. Gradle's own Kotlin is marked `kts` in the docs and left out.
"""

from __future__ import annotations

import argparse
import re
import shutil
import textwrap
from collections.abc import Iterator
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"
PAGES = ("../README.md", "tutorials/android_app.md", "android.md", "android_library.md")

_SNIPPET = re.compile(r"^( *)```(kotlin|java)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
_KOTLIN = """package dev.edgebert.snippets.s{number}

import android.app.Activity
import android.content.Context
import android.os.Bundle
import android.util.Log
import android.widget.*
import dev.edgebert.*
import dev.edgebert.engine.*
import dev.edgebert.litert.*
import java.io.File
import kotlinx.coroutines.*

{body}
"""
_FUNCTION = """suspend fun Context.snippet(
    context: Context,
    model: EdgebertModel,
    embedder: EdgebertModel,
    text: String,
    texts: List<String>,
    one: String,
    other: String,
) {{
{body}
}}"""
_JAVA = """package dev.edgebert.snippets.s{number};

import android.app.Activity;
import android.os.Bundle;
import android.util.Log;
import android.view.View;
import android.widget.*;
import dev.edgebert.*;
import java.util.concurrent.*;

{body}
"""
_METHOD = """final class Snippet extends Activity {{
    void snippet() {{
{body}
    }}
}}"""
_JAVA_CLASS = re.compile(r"public class (\w+)")


def main() -> None:
    """Writes the files."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="folder to write anew")
    folder: Path = parser.parse_args().folder
    shutil.rmtree(folder, ignore_errors=True)
    for number, (language, code) in enumerate(snippets()):
        path = folder / f"dev/edgebert/snippets/s{number}"
        path.mkdir(parents=True)
        (path / file_name(language, code)).write_text(
            source(language, code, number), encoding="utf-8"
        )


def snippets() -> Iterator[tuple[str, str]]:
    """Language and text of each."""
    for page in PAGES:
        for _, language, code in _SNIPPET.findall((DOCS / page).read_text(encoding="utf-8")):
            yield language, textwrap.dedent(code).rstrip()


def file_name(language: str, code: str) -> str:
    """What a snippet's file is called; a public class of Java says it itself."""
    if language == "kotlin":
        return "Snippet.kt"
    found = _JAVA_CLASS.match(code)
    return f"{found[1] if found else 'Snippet'}.java"


def source(language: str, code: str, number: int) -> str:
    """A file that compiles where the snippet does."""
    if language == "java":
        if not _JAVA_CLASS.match(code):
            code = _METHOD.format(body=textwrap.indent(code, " " * 8))
        return _JAVA.format(number=number, body=code)
    if not code.startswith("class "):
        code = _FUNCTION.format(body=textwrap.indent(code, " " * 4))
    return _KOTLIN.format(number=number, body=code)


if __name__ == "__main__":
    main()
