"""All recipes, a row each: how a file keeps its numbers, by the name that users give."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from edgebert.converter.float_graph import FloatMethod
from edgebert.converter.full_integer.method import IntegerMethod
from edgebert.converter.int4_graph import Int4Method
from edgebert.converter.options import RecipeName
from edgebert.converter.quantize import TABLE_BLOCK
from edgebert.converter.recipe import Limit, Recipe
from edgebert.converter.static_int8.method import INT4_WORDS_LOSS, StaticMethod
from edgebert.converter.weight_storage import FLOAT16, FLOAT32, INT8, WeightStorage, with_int4_words

_INT8_MATRICES, _INT8_TABLES = "int8, one scale an output channel", "int8, one scale a table"

_FIXED_OPTIONS = frozenset({"lengths", "target"})
_FLOAT_OPTIONS = _FIXED_OPTIONS | {"teachable"}
_INTEGER_OPTIONS = frozenset(
    {
        "lengths",
        "inputs",
        "calibration",
        "mixed",
        "allow_float",
        "max_drop",
        "target",
        "explain",
    }
)

_INT4_MATRICES, _INT4_WORDS = (
    "int4 in blocks",
    f"words int4, one scale for {TABLE_BLOCK} numbers; others",
)
_INT4_OPTIONS = frozenset({"calibration", "mixed", "max_drop"}) | _FIXED_OPTIONS
_DYNAMIC = "int8 per token, while running"
_FROM_WORDS = "float32; int8 per token where they are compared with words"

_FLOATS_WITH_INT4_WORDS: tuple[tuple[RecipeName, WeightStorage, str], ...] = (
    ("w16-t4-a32", FLOAT16, "float16"),
    ("w32-t4-a32", FLOAT32, "float32"),
)

# TFLite before 2.17 has no dense layer with one scale a channel, and before 2.20 (which is LiteRT
# 1.3) it cannot gather float16. The XNNPACK of 2.14 cannot resize what is repeated. What is static
# in int8 has been in TFLite for longer.
_ROWS = (
    Recipe(
        "int8",
        {
            "litert": FloatMethod(INT8),
            "litert-2.2": FloatMethod(INT8, float16_steps=True),
            "tflite-runtime": FloatMethod(replace(INT8, scales_apart=True, repeats=False)),
        },
        matrices=_INT8_MATRICES,
        tables=_INT8_TABLES,
        activations=_DYNAMIC,
        limit=Limit(mean_cosine=0.99),
        self_test_tolerance=0.05,
        options=_FLOAT_OPTIONS,
    ),
    Recipe(
        "int8-static",
        {"litert": StaticMethod(), "litert-2.2": StaticMethod(float16_steps=True)},
        matrices=_INT8_MATRICES,
        tables=_INT8_TABLES,
        activations="int8, one scale a dense layer, from",
        limit=Limit(mean_cosine=0.99, lowest_cosine=0.9),
        self_test_tolerance=0.05,
        options=frozenset({"calibration", "lengths", "max_loss"}),
        odd_texts=True,
    ),
    Recipe(
        "int8-fine",
        {
            "litert": StaticMethod(dynamic=True),
            "litert-2.2": StaticMethod(dynamic=True, float16_steps=True),
        },
        matrices=_INT8_MATRICES,
        tables=_INT8_TABLES,
        activations=_DYNAMIC,
        limit=Limit(mean_cosine=0.995, lowest_cosine=0.95),
        self_test_tolerance=0.05,
        options=frozenset({"calibration", "lengths"}),
        odd_texts=True,
    ),
    Recipe(
        "float16",
        {
            "litert": FloatMethod(FLOAT16),
            "tflite-runtime": FloatMethod(replace(FLOAT16, gathers_stored=False, repeats=False)),
        },
        matrices="float16",
        tables="float16",
        activations="float32",
        limit=Limit(mean_cosine=0.9999),
        self_test_tolerance=0.005,
        options=_FLOAT_OPTIONS,
    ),
    Recipe(
        "float32",
        {
            "litert": FloatMethod(FLOAT32),
            "tflite-runtime": FloatMethod(replace(FLOAT32, repeats=False)),
        },
        matrices="float32",
        tables="float32",
        activations="float32",
        limit=Limit(mean_cosine=0.99999, largest_difference=1e-4),
        self_test_tolerance=0.0005,
        options=_FLOAT_OPTIONS,
    ),
    Recipe(
        "int8-full",
        dict.fromkeys(("litert", "tflite-runtime"), IntegerMethod("int8")),
        matrices=_INT8_MATRICES,
        tables=_INT8_TABLES,
        activations="int8, one scale a value, from calibration",
        limit=Limit(mean_cosine=0.95),
        self_test_tolerance=0.15,
        options=_INTEGER_OPTIONS,
    ),
    Recipe(
        "int16x8",
        dict.fromkeys(("litert", "tflite-runtime"), IntegerMethod("int16")),
        matrices=_INT8_MATRICES,
        tables=_INT8_TABLES,
        activations="int16, one scale a value, from calibration",
        limit=Limit(mean_cosine=0.99),
        self_test_tolerance=0.02,
        options=_INTEGER_OPTIONS,
    ),
    # Only LiteRT computes with int4.
    Recipe(
        "w8-t4-a8",
        {"litert": FloatMethod(with_int4_words(INT8))},
        matrices=_INT8_MATRICES,
        tables=f"{_INT4_WORDS} int8",
        activations=_DYNAMIC,
        limit=Limit(mean_cosine=0.98),
        self_test_tolerance=0.05,
        options=_FLOAT_OPTIONS,
    ),
    Recipe(
        "w8-t4-a8-static",
        {"litert": StaticMethod(tables=with_int4_words(INT8), usual_loss=INT4_WORDS_LOSS)},
        matrices=_INT8_MATRICES,
        tables=f"{_INT4_WORDS} {_INT8_TABLES}",
        activations="int8, one scale a dense layer, from",
        limit=Limit(mean_cosine=0.98, lowest_cosine=0.9),
        self_test_tolerance=0.05,
        options=frozenset({"calibration", "lengths", "max_loss"}),
        odd_texts=True,
    ),
    Recipe(
        "w8-t4-a8-fine",
        {"litert": StaticMethod(dynamic=True, tables=with_int4_words(INT8))},
        matrices=_INT8_MATRICES,
        tables=f"{_INT4_WORDS} {_INT8_TABLES}",
        activations=_DYNAMIC,
        limit=Limit(mean_cosine=0.98, lowest_cosine=0.9),
        self_test_tolerance=0.05,
        options=frozenset({"calibration", "lengths"}),
        odd_texts=True,
    ),
    *(
        Recipe(
            name,
            {"litert": FloatMethod(with_int4_words(storage))},
            matrices=numbers,
            tables=f"{_INT4_WORDS} {numbers}",
            activations=_FROM_WORDS,
            limit=Limit(mean_cosine=0.98),
            self_test_tolerance=0.05,
            options=_FLOAT_OPTIONS,
        )
        for name, storage, numbers in _FLOATS_WITH_INT4_WORDS
    ),
    Recipe(
        "w4-t8-a8",
        {"litert": Int4Method(INT8)},
        matrices=_INT4_MATRICES,
        tables=_INT8_TABLES,
        activations=_DYNAMIC,
        limit=Limit(mean_cosine=0.95),
        self_test_tolerance=0.05,
        options=_INT4_OPTIONS,
    ),
    Recipe(
        "int4",
        {"litert": Int4Method(with_int4_words(INT8))},
        matrices=_INT4_MATRICES,
        tables=f"{_INT4_WORDS} int8",
        activations=_DYNAMIC,
        limit=Limit(mean_cosine=0.95),
        self_test_tolerance=0.05,
        options=_INT4_OPTIONS,
    ),
)

RECIPES: Mapping[RecipeName, Recipe] = MappingProxyType({row.name: row for row in _ROWS})
