"""What each rewriting step of a full-integer file is worth: one table for docs/full_integer.md.

    python -m tools.studies.ablation                          # make ablation
    python -m tools.studies.ablation --stsb sts-dev.tsv --spearman

Every row is a real .tflite of all-MiniLM-L6-v2, run as `edgebert.load` runs it, and compared with
the float32 reference on texts that took no part in calibration.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from edgebert.arrays import Array
from edgebert.checkpoints.checkpoint import Checkpoint
from edgebert.checkpoints.sources import open_checkpoint
from edgebert.converter import reference
from edgebert.converter.full_integer.convert import (
    STEPS,
    ConversionSource,
    apply_steps,
    build_graphs,
    describe,
    plan_storage,
)
from edgebert.converter.full_integer.plan import integer_plan
from edgebert.converter.full_integer.storage import IntegerName
from edgebert.converter.full_integer.texts import calibration_texts, encode
from edgebert.converter.full_integer.transforms import Steps
from edgebert.converter.options import Options
from edgebert.converter.plan import plan, trim
from edgebert.data import read_lines
from edgebert.evaluation.metrics import spearman
from edgebert.evaluation.readers import Row, read_rows
from edgebert.model_file.contents import read_contents
from edgebert.model_file.fixed_graphs import CalibrationTexts
from edgebert.model_file.serialize import serialize
from edgebert.runtime.session import Session
from edgebert.runtime.sessions import open_session
from edgebert.tokenizer.tokenizer import Tokenizer

SOURCE = "all-minilm-l6-v2"
TEXTS = 200


@dataclass(frozen=True)
class Variant:
    """One row of the table."""

    name: str
    steps: Steps
    activations: IntegerName = "int8"


@dataclass(frozen=True)
class Outcome:
    """What became of a variant.

    Attributes:
        types: how many tensors have each type.
        spearman: on STS-B; None where it was not asked for.
    """

    variant: Variant
    cosines: Array
    types: dict[str, int]
    spearman: float | None


def variants() -> Iterator[Variant]:
    """Step by step; then all but one; then int16."""
    steps = Steps.none()
    for name, flags in STEPS:
        steps = replace(steps, **dict.fromkeys(flags, True))
        yield Variant(name if not flags else f"+ {name}", steps)
    for name, flags in STEPS[2:]:
        if flags != STEPS[-1][1]:
            yield Variant(f"all but {name}", replace(steps, **dict.fromkeys(flags, False)))
    yield Variant("int16x8 with all steps", steps, "int16")
    yield Variant("int16x8 without channel scales", replace(steps, channel_scales=False), "int16")


class Bench:
    """Builds and judges variants of one model."""

    def __init__(
        self,
        checkpoint: Checkpoint,
        length: int,
        calibration: Path | None,
        pairs: Sequence[Row],
        texts: int,
    ) -> None:
        options = Options(
            task="embed",
            quantize="int8-full",
            lengths=(length,),
            calibration=calibration,
        )
        self.plan = plan(options, checkpoint)
        self.choices = integer_plan(options, checkpoint, "int8")
        self.checkpoint = trim(checkpoint, length)
        rules = replace(checkpoint.tokenizer, max_length=length)
        self.tokenizer = Tokenizer(checkpoint.vocabulary, rules)
        self.original = ConversionSource(
            self.checkpoint.weights,
            self.checkpoint.config,
            self.plan.head,
            self.choices.interface,
            self.choices.first_id,
            length,
        )
        source, own = calibration_texts(calibration, "embed")
        self.encodings = encode(own, self.tokenizer, length)
        self.calibration = CalibrationTexts(source, len(own), 0)
        self.pairs = pairs
        sentences = [text for row in pairs for text in (row.text, row.pair or "")]
        sentences = sentences or read_lines("questions.txt")
        self.texts = sentences[:: max(1, len(sentences) // texts)][:texts]
        self.expected = {text: self.exact(text) for text in self.texts}

    def exact(self, text: str) -> Array:
        """The vector in float32 [H]."""
        ids, segment_ids, _ = self.tokenizer.encode(text)
        checkpoint = self.checkpoint
        output = reference.output(
            checkpoint.weights, checkpoint.config, self.plan.head, ids, segment_ids
        )
        vector: Array = output[0]
        return vector

    def judge(self, variant: Variant, folder: Path, *, spearman: bool) -> Outcome:
        """Writes the file of a variant and runs it."""
        transformed = apply_steps(self.original, variant.steps, self.encodings)
        kept = plan_storage(
            self.original, transformed, variant.steps, self.encodings, variant.activations
        )
        graphs, output = build_graphs(self.original, transformed, kept, self.choices.lengths)
        path = folder / "variant.tflite"
        path.write_bytes(serialize(next(iter(graphs.values())).model("", graphs)))
        integer = describe(self.plan.head, self.choices, kept, output, self.calibration)
        session = open_session(path, max_length=self.plan.max_length, fixed=integer)
        cosines = [
            float(self.vector(session, text) @ exact) for text, exact in self.expected.items()
        ]
        types = dict(read_contents(path).types)
        rank = self.rank(session) if spearman and self.pairs else None
        session.close()
        return Outcome(variant, np.array(cosines, np.float32), types, rank)

    def vector(self, session: Session, text: str) -> Array:
        """The file's vector [H]."""
        ids, segment_ids, _ = self.tokenizer.encode(text)
        vector: Array = session.run(ids, segment_ids)[0]
        return vector

    def rank(self, session: Session) -> float:
        """Spearman's correlation of similarities with what people said."""
        vectors: dict[str, Array] = {}
        for row in self.pairs:
            for text in (row.text, row.pair or ""):
                if text not in vectors:
                    vectors[text] = self.vector(session, text)
        found = [vectors[row.text] @ vectors[row.pair or ""] for row in self.pairs]
        return spearman([float(row.label) for row in self.pairs], [float(each) for each in found])


def main() -> int:
    """Prints the table, row by row as it is made."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--source", default=SOURCE, help="a sentence embedder")
    parser.add_argument("--length", type=int, default=64)
    parser.add_argument("--calibration", type=Path, help="text, a line each")
    parser.add_argument("--texts", type=int, default=TEXTS, help="to judge by")
    parser.add_argument("--stsb", type=Path, help="STS-B's development part, TSV")
    parser.add_argument("--only", help="rows whose name holds this")
    parser.add_argument(
        "--spearman", action="store_true", help="of every row, on STS-B; takes long"
    )
    arguments = parser.parse_args()
    pairs = list(read_rows(arguments.stsb)) if arguments.stsb else []
    chosen = [each for each in variants() if (arguments.only or "") in each.name]
    print("| variant | cosine mean / lowest | Spearman | int8 | int16 | int32, int64 | float |")
    print("|---|---|---|---|---|---|---|", flush=True)
    with open_checkpoint(arguments.source) as checkpoint, tempfile.TemporaryDirectory() as folder:
        bench = Bench(checkpoint, arguments.length, arguments.calibration, pairs, arguments.texts)
        for variant in chosen:
            start = time.perf_counter()
            outcome = bench.judge(variant, Path(folder), spearman=arguments.spearman)
            print(row(outcome), flush=True)
            print(f"  {time.perf_counter() - start:.0f} s", file=sys.stderr)
    return 0


def row(outcome: Outcome) -> str:
    """A line of the table."""
    types = outcome.types
    whole = sum(types.get(name, 0) for name in ("int32", "int64"))
    real = sum(count for name, count in types.items() if name.startswith("float"))
    rank = "" if outcome.spearman is None else f"{outcome.spearman * 100:.2f}"
    return (
        f"| {outcome.variant.name} | {outcome.cosines.mean():.4f} / {outcome.cosines.min():.4f} "
        f"| {rank} | {types.get('int8', 0)} | {types.get('int16', 0)} | {whole} | {real} |"
    )


if __name__ == "__main__":
    sys.exit(main())
