"""How full-integer files are planned and built, as the table of recipes has it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgebert.checkpoints.checkpoint import Checkpoint
from edgebert.converter.head import Head
from edgebert.converter.options import Options
from edgebert.converter.recipe import BuildAids, Built
from edgebert.errors import EdgebertError

if TYPE_CHECKING:
    from edgebert.converter.full_integer.plan import IntegerPlan
    from edgebert.converter.full_integer.storage import IntegerName

# The rest of the package is imported by who asks for such a file: 15 modules.


@dataclass(frozen=True)
class IntegerGraphPlan:
    """A `recipe.GraphPlan`.

    Attributes:
        choices: all that was decided.
    """

    choices: IntegerPlan

    @property
    def max_length(self) -> int:
        """Most tokens of an input."""
        return max(self.choices.lengths)

    def build(self, checkpoint: Checkpoint, head: Head, aids: BuildAids) -> Built:
        """Builds the graphs; see `convert_integer`."""
        from edgebert.converter.full_integer.convert import convert_integer

        return convert_integer(checkpoint, head, self.choices, aids)


@dataclass(frozen=True)
class IntegerMethod:
    """A `recipe.GraphMethod`.

    Attributes:
        activations: type of the computed values.
    """

    activations: IntegerName

    def plan(self, options: Options, checkpoint: Checkpoint, head: Head) -> IntegerGraphPlan:
        """Decides every choice.

        Raises:
            EdgebertError: a choice is unknown, or the checkpoint cannot serve it.
        """
        from edgebert.converter.full_integer.plan import integer_plan, refuse_head

        if options.max_length is not None:
            raise EdgebertError(
                f"{options.quantize} takes fixed lengths: use --length, not --max-length"
            )
        refuse_head(head, checkpoint.source)
        return IntegerGraphPlan(integer_plan(options, checkpoint, self.activations))
