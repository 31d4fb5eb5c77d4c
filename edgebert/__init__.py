"""edgebert: from a compact BERT checkpoint to one TFLite file that runs on a phone or a Pi.

The names in `__all__` are public, and docs/api.txt has their signatures; all else is internal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgebert.lazy_names import lazy_names
from edgebert.version import __version__

if TYPE_CHECKING:
    from edgebert.api import benchmark, compare, evaluate, search
    from edgebert.benchmarking.benchmark import BenchmarkOutcome
    from edgebert.benchmarking.changes import Change, ReportComparison
    from edgebert.benchmarking.result import BenchmarkReport
    from edgebert.converter.convert import convert
    from edgebert.converter.report import ConversionReport
    from edgebert.errors import CheckFailedError, EdgebertError, TruncationWarning
    from edgebert.evaluation.compare import Comparison, Gate
    from edgebert.evaluation.evaluate import Evaluation
    from edgebert.runtime.loading import load
    from edgebert.runtime.model import Model
    from edgebert.runtime.reply import Reply
    from edgebert.runtime.self_test import SelfTestReport
    from edgebert.runtime.tasks.answer import Answer
    from edgebert.runtime.tasks.classify import Classification
    from edgebert.runtime.tasks.fill_mask import Fill
    from edgebert.runtime.tasks.tag import Span
    from edgebert.runtime.teachable import TeachableModel
    from edgebert.semantic_search.search import Hit, Search, open_search

# Where each public name lives; imported when first asked for, so that `import edgebert` is quick.
_HOMES = {
    "Answer": "edgebert.runtime.tasks.answer",
    "BenchmarkOutcome": "edgebert.benchmarking.benchmark",
    "BenchmarkReport": "edgebert.benchmarking.result",
    "Change": "edgebert.benchmarking.changes",
    "CheckFailedError": "edgebert.errors",
    "Classification": "edgebert.runtime.tasks.classify",
    "Comparison": "edgebert.evaluation.compare",
    "ConversionReport": "edgebert.converter.report",
    "EdgebertError": "edgebert.errors",
    "Evaluation": "edgebert.evaluation.evaluate",
    "Fill": "edgebert.runtime.tasks.fill_mask",
    "Gate": "edgebert.evaluation.compare",
    "Hit": "edgebert.semantic_search.search",
    "Model": "edgebert.runtime.model",
    "Reply": "edgebert.runtime.reply",
    "ReportComparison": "edgebert.benchmarking.changes",
    "Search": "edgebert.semantic_search.search",
    "SelfTestReport": "edgebert.runtime.self_test",
    "Span": "edgebert.runtime.tasks.tag",
    "TeachableModel": "edgebert.runtime.teachable",
    "TruncationWarning": "edgebert.errors",
    "benchmark": "edgebert.api",
    "compare": "edgebert.api",
    "convert": "edgebert.converter.convert",
    "evaluate": "edgebert.api",
    "load": "edgebert.runtime.loading",
    "open_search": "edgebert.semantic_search.search",
    "search": "edgebert.api",
}

__all__ = [
    "Answer",
    "BenchmarkOutcome",
    "BenchmarkReport",
    "Change",
    "CheckFailedError",
    "Classification",
    "Comparison",
    "ConversionReport",
    "EdgebertError",
    "Evaluation",
    "Fill",
    "Gate",
    "Hit",
    "Model",
    "Reply",
    "ReportComparison",
    "Search",
    "SelfTestReport",
    "Span",
    "TeachableModel",
    "TruncationWarning",
    "__version__",
    "benchmark",
    "compare",
    "convert",
    "evaluate",
    "load",
    "open_search",
    "search",
]


__getattr__ = lazy_names(__name__, _HOMES)


def __dir__() -> list[str]:
    return sorted(__all__)
