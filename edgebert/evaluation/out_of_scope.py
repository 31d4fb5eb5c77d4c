"""How well a classifier tells texts that belong to no label from those that do."""

from __future__ import annotations

from pathlib import Path

from edgebert.errors import EdgebertError
from edgebert.evaluation.evaluators.evaluator import EvaluatedModel, ask
from edgebert.evaluation.metrics import Values
from edgebert.evaluation.selective import OutOfScope, out_of_scope
from edgebert.evaluation.texts import Text, open_texts, read_texts
from edgebert.progress import Progress
from edgebert.runtime.abstention import scope


def read_outside(path: Path) -> list[Text]:
    """The texts of a file, without its empty lines.

    Raises:
        EdgebertError: it cannot be read, or has no texts.
    """
    with open_texts(path) as file:
        texts = [each for each in read_texts(path, file) if each.text.strip()]
    if not texts:
        raise EdgebertError(f"{path}: has no texts")
    return texts


def look_outside(
    model: EvaluatedModel, within: Values, path: Path, progress: Progress
) -> OutOfScope:
    """Runs a classifier on texts of no label.

    Args:
        model: a classifier.
        within: `scope` of each text that has one of its labels.
        path: of the texts, as for `edgebert run --input`.
        progress: told how many are done.
    """
    texts = read_outside(path)
    found, abstained = [], []
    for number, (text, pair, place) in enumerate(texts, 1):
        answer = ask(model, place, text, pair)[0].value
        found.append(scope(answer.scores.values(), model.abstention))
        abstained.append(bool(answer.abstained))
        progress(number, len(texts), "out of scope")
    has_rule = answer.abstained is not None
    return out_of_scope(within, found, abstained if has_rule else None)
