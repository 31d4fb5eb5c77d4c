"""Which recipe takes the least of which processor, as measured: docs/static_int8.md."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from edgebert.bert.config import BertConfig
from edgebert.converter.options import LONG_NAMES, DeviceName, Options, RecipeName
from edgebert.converter.unlike_bert import STATIC
from edgebert.errors import EdgebertError

USUAL: RecipeName = "int8"

FASTEST: Mapping[DeviceName, RecipeName] = MappingProxyType(
    {
        "pi4": "int8-static",
        "pi5": "int8-static",
        "phone": "int8-static",
        # There the ranges that int8 computes cost less than what int8-static converts.
        "x86": "int8",
    }
)


def recipe_for(options: Options, config: BertConfig) -> RecipeName:
    """The row of the recipe that was asked for, or that is the quickest on the device that was.

    Families that int8-static does not serve take `int8`.

    Raises:
        EdgebertError: the device is unknown, or a recipe was asked for too.
    """
    if options.device is None:
        asked = USUAL if options.quantize is None else options.quantize
        return LONG_NAMES.get(asked, asked)
    if options.quantize is not None:
        raise EdgebertError("quantize and for: a device chooses the recipe; give one of the two")
    if options.device not in FASTEST:
        raise EdgebertError(
            f"device {str(options.device)[:40]!r} is unknown; known: {', '.join(FASTEST)}"
        )
    fastest = FASTEST[options.device]
    return USUAL if fastest == "int8-static" and STATIC.foreign_parts(config) else fastest
