"""What a conversion tells of its result."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgebert.converter.check import Check
from edgebert.converter.full_integer.quality import QuantizationReport
from edgebert.converter.static_int8.report import StaticReport
from edgebert.converter.vela import Compilation
from edgebert.model_file.record import Record
from edgebert.runtime.delegation import Delegation

if TYPE_CHECKING:
    from edgebert.evaluation.compare import Comparison


@dataclass(frozen=True)
class ConversionReport:
    """The outcome of `edgebert.convert`.

    Attributes:
        path: the file written.
        record: what the file says of itself.
        bytes: size of the file.
        float32_bytes: the weights of the same model, in float32.
        ops: builtin ops and how often each occurs.
        seconds: by stage: read, tokenizers, build, check, write, evaluate.
        equal_texts: how many texts have the ids that the library `tokenizers` gives them from the
            checkpoint's own files: all that were compared. None: nothing to compare with.
        evaluation: beside float32, on the data that the user gave; None where there was none.
        quantization: of a full-integer file: what each value, and each step, costs.
        static: of an int8-static file: which dense layers stayed dynamic, and why.
        compilation: of a file that was compiled, too: the compiled one, and its estimate.
    """

    path: Path
    record: Record
    bytes: int
    float32_bytes: int
    check: Check
    delegation: Delegation
    ops: dict[str, int]
    seconds: dict[str, float]
    equal_texts: int | None = None
    evaluation: Comparison | None = None
    quantization: QuantizationReport | None = None
    static: StaticReport | None = None
    compilation: Compilation | None = None

    @property
    def ratio(self) -> float:
        """Size against float32."""
        return self.bytes / self.float32_bytes

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        from edgebert.formatting import megabytes
        from edgebert.page.notebook import notebook_table

        rows = [
            ("task", self.record.task),
            ("weights", self.record.quantization.name),
            ("size", f"{megabytes(self.bytes)} MB, {self.ratio:.0%} of float32"),
            ("mean cosine with float32", f"{self.check.mean_cosine:.5f}"),
            ("seconds", f"{sum(self.seconds.values()):.1f}"),
        ]
        return notebook_table(str(self.path), (), rows)

    def to_json(self) -> dict[str, Any]:
        """Plain values, for machines."""
        record = self.record
        return {
            "path": str(self.path),
            "task": record.task,
            "labels": record.labels,
            "source": {"name": record.source.name, "format": record.source.format},
            "quantization": record.quantization.name,
            "static": self.static.to_json() if self.static else None,
            "max_length": record.max_length,
            "vocabulary": asdict(record.vocabulary) if record.vocabulary else None,
            "bytes": self.bytes,
            "float32_bytes": self.float32_bytes,
            "ratio": self.ratio,
            "check": self.check.to_json(),
            "ids_equal_to_tokenizers": self.equal_texts,
            "evaluation": self.evaluation.to_json() if self.evaluation else None,
            "ops": self.ops,
            "delegated": self.delegation.share,
            "partitions": self.delegation.partitions,
            "minimum_runtime": record.minimum_runtime,
            "seconds": self.seconds,
            "compilation": None
            if self.compilation is None
            else {**asdict(self.compilation), "path": str(self.compilation.path)},
        }
