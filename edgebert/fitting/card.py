"""The model card: what the file is, what it was made of, how right it is and where it is not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from edgebert.formatting import clean, megabytes, number

_BASES: Mapping[str, str] = {"all-minilm-l6-v2": "sentence-transformers/all-MiniLM-L6-v2"}
_LABELS_SHOWN = 100
_CONFUSIONS_SHOWN = 15


def model_card(facts: Mapping[str, Any]) -> str:
    """Markdown with the metadata that the Hugging Face hub reads.

    Args:
        facts: as in `fit.json`.
    """
    chosen, data, test = facts["chosen"], facts["data"], facts["test"]
    size = chosen["size"]
    teacher = facts["request"]["teacher"]
    teachable = facts["request"]["teachable"]
    taught = " Further labels can be taught to it (`edgebert teach`)." if teachable else ""
    parts = [
        _front_matter(teacher, data["task"]),
        f"# A {size['name']} BERT for {data['task']}, {megabytes(facts['bytes'])} MB",
        f"`model.tflite` is an int8 file for edgebert and LiteRT, made by `edgebert fit` "
        f"{facts['edgebert']}. It was chosen as {chosen['why']}.{taught}",
        "## Figures",
        _metrics(test),
        *_confidence(test.get("confidence"), data),
        "## Candidates",
        "Figures on dev, from which the file was chosen; the last one is the teacher.\n\n"
        + _candidates(facts["trained"]),
        "## Data",
        _data(facts),
    ]
    if test.get("per_label"):
        parts += ["## Labels", "On test, the least F1 first.\n\n" + _labels(test["per_label"])]
    if test.get("confusions"):
        parts += ["## Confusions", _confusions(test["confusions"])]
    parts += [
        "## Limits",
        _limits(data, test),
        "## Licence",
        "The licence of this file follows from those of its data and of its teacher "
        f"({clean(teacher)}); name it above.",
        "## Made by",
        "```\n" + "\n".join(facts["commands"]) + "\n```\n",
    ]
    return "\n\n".join(parts)


def _front_matter(teacher: str, task: str) -> str:
    base = _BASES.get(teacher)
    pipeline = {"tag": "token-classification"}.get(task, "text-classification")
    lines = [
        "license: other",
        *([f"base_model: {base}"] if base else []),
        "library_name: edgebert",
        f"pipeline_tag: {pipeline}",
    ]
    return "---\n" + "\n".join(lines) + "\n---"


def _metrics(test: Mapping[str, Any]) -> str:
    rows = [
        (name, f"{value:.4f}", _interval(test["intervals"][name]))
        for name, value in test["metrics"].items()
    ]
    table = _table(("on test", "value", "95 % interval"), rows)
    return f"{table}\n\n{test['rows']:,} rows, which nothing was chosen by."


def _confidence(found: Mapping[str, Any] | None, data: Mapping[str, Any]) -> list[str]:
    """What scores are worth; nothing where answers have none.

    Args:
        found: by `edgebert evaluate`.
        data: as in `fit.json`.
    """
    if found is None:
        return []
    accuracy = found["selective_accuracy"]
    rows = [
        ("answered (coverage)", f"{found['coverage']:.4f}"),
        *([("right of these", f"{accuracy:.4f}")] if accuracy is not None else []),
        ("area under the risk-coverage curve", f"{found['aurc']:.4f}"),
        ("expected calibration error", f"{found['ece']:.4f}"),
    ]
    other = found["out_of_scope"]
    if other:
        rows.append(("AUROC, in scope against out of it", f"{other['auroc']:.4f}"))
        if other["rejected"] is not None:
            rows.append(("rejected of those out of scope", f"{other['rejected']:.4f}"))
    parts = ["## When it is not sure", _table(("on test", "value"), rows)]
    if other:
        outside = data["out_of_scope"]
        fitted = other["rejected"] is not None
        others = f"{outside['dev']:,} others fitted the rule" if fitted else "the file has no rule"
        learned = f"students learned from {outside['train']:,} more"
        left = data["out_of_scope_left_out"]
        more = f" {left:,} more had a label in the data, and were left out." if left else ""
        parts.append(f"{outside['test']:,} texts out of scope; {others}, and {learned}.{more}")
    return parts


def _candidates(trained: Sequence[Mapping[str, Any]]) -> str:
    rows = [
        (
            each["size"]["name"],
            f"{megabytes(Path(each['file']).stat().st_size)} MB",
            number(each["size"]["ms"]),
            f"{each['metric']} {each['value']:.4f}",
            _interval([each["low"], each["high"]]),
        )
        for each in trained
    ]
    return _table(("layers/width", "file", "ms", "dev", "95 % interval"), rows)


def _data(facts: Mapping[str, Any]) -> str:
    data = facts["data"]
    files = [*facts["request"]["train"], facts["request"]["dev"], facts["request"]["test"]]
    named = ", ".join(clean(Path(each).name) for each in files if each)
    rows = [(split, f"{count:,}", data["sha256"][split]) for split, count in data["rows"].items()]
    findings = [f"- {each['severity']}: {clean(each['message'])}" for each in data["findings"]]
    left = f" {data['left_out']} rows that stand in dev or test too were left out."
    seed = facts["request"]["seed"]
    return "\n\n".join(
        [
            f"From {named}; splits that were not given are stratified, with seed {seed}."
            + (left if data["left_out"] else ""),
            _table(("split", "rows", "sha256"), rows),
            *(
                ["What `edgebert check-data` says of it:\n\n" + "\n".join(findings)]
                * bool(findings)
            ),
        ]
    )


def _labels(labels: Sequence[Mapping[str, Any]]) -> str:
    ordered = sorted(labels, key=lambda each: (each["f1"], each["label"]))[:_LABELS_SHOWN]
    rows = [
        (
            clean(each["label"]),
            str(each["rows"]),
            f"{each['precision']:.3f}",
            f"{each['recall']:.3f}",
            f"{each['f1']:.3f}",
        )
        for each in ordered
    ]
    return _table(("label", "rows", "precision", "recall", "F1"), rows)


def _confusions(confusions: Sequence[Mapping[str, Any]]) -> str:
    rows = [
        (clean(each["expected"]), clean(each["predicted"]), str(each["rows"]))
        for each in confusions[:_CONFUSIONS_SHOWN]
    ]
    return _table(("expected", "predicted", "rows"), rows)


def _limits(data: Mapping[str, Any], test: Mapping[str, Any]) -> str:
    lines = [_of_others(test.get("confidence"))]
    tokens = data["tokens"]
    if tokens:
        lines.append(
            f"- It was trained on texts of {tokens['median']:.0f} tokens (median), 95 % up to "
            f"{tokens['p95']:.0f}; it cuts texts off after {tokens['limit']:.0f}."
        )
    missing = test["labels_without_rows"]
    if missing:
        shown = ", ".join(clean(each) for each in missing)
        lines.append(f"- Test has no row of {shown}: the figures say nothing of them.")
    return "\n".join(lines)


def _of_others(found: Mapping[str, Any] | None) -> str:
    """What is to be expected of texts out of scope."""
    if found is None or found["coverage"] == 1:
        return "- It answers texts of other subjects and languages too, and means nothing by it."
    other = found["out_of_scope"]
    if other is None:
        return "- How many texts of other subjects and languages it abstains on was not measured."
    return (
        f"- Of texts of other subjects like those it was measured on, it answers "
        f"{100 * (1 - other['rejected']):.1f} %, and means nothing by it."
    )


def _interval(bounds: Sequence[float] | None) -> str:
    return "" if bounds is None else f"{bounds[0]:.4f} to {bounds[1]:.4f}"


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(_cell(each) for each in line)} |" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
