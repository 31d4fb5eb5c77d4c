"""The builtin ops that edgebert's graphs are made of, with their versions and options.

Versions are the lowest that hold what we use, so that old runtimes open the file; they and the
releases that brought them: tensorflow/lite/tools/versioning/{op,runtime}_version.cc.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class Op:
    """A builtin op.

    Attributes:
        name: in the schema.
        version: lowest that has what we use.
        since: first TFLite release that has this version.
        options: name of its options table; "" for none.
    """

    name: str
    version: int
    since: str
    options: str = ""


OPS: Mapping[str, Op] = MappingProxyType(
    {
        "add": Op("ADD", 1, "1.5", "AddOptions"),
        "add_int8": Op("ADD", 2, "1.14", "AddOptions"),
        "add_int16": Op("ADD", 3, "2.4", "AddOptions"),
        "batch_matmul": Op("BATCH_MATMUL", 1, "2.3", "BatchMatMulOptions"),
        "batch_matmul_int8": Op("BATCH_MATMUL", 2, "2.3", "BatchMatMulOptions"),
        "batch_matmul_int16": Op("BATCH_MATMUL", 3, "2.4", "BatchMatMulOptions"),
        "cast": Op("CAST", 1, "1.5"),
        "concatenation": Op("CONCATENATION", 1, "1.5", "ConcatenationOptions"),
        "concatenation_int8": Op("CONCATENATION", 2, "1.14", "ConcatenationOptions"),
        "concatenation_int16": Op("CONCATENATION", 3, "2.3", "ConcatenationOptions"),
        "dequantize_int8": Op("DEQUANTIZE", 2, "1.14", "DequantizeOptions"),
        "dequantize_float16": Op("DEQUANTIZE", 3, "1.15", "DequantizeOptions"),
        "dequantize_int16": Op("DEQUANTIZE", 3, "1.15", "DequantizeOptions"),
        "embedding_lookup_int4": Op("EMBEDDING_LOOKUP", 4, "2.20"),
        # LiteRT 1.3 and older open such a file and answer wrongly; 1.4 and later are right.
        "embedding_lookup_int4_in_blocks": Op("EMBEDDING_LOOKUP", 4, "2.21"),
        "fully_connected": Op("FULLY_CONNECTED", 1, "1.5", "FullyConnectedOptions"),
        "fully_connected_per_tensor": Op("FULLY_CONNECTED", 9, "2.3", "FullyConnectedOptions"),
        "fully_connected_per_channel": Op("FULLY_CONNECTED", 12, "2.17", "FullyConnectedOptions"),
        "fully_connected_int8": Op("FULLY_CONNECTED", 6, "2.14", "FullyConnectedOptions"),
        "fully_connected_int16": Op("FULLY_CONNECTED", 7, "2.14", "FullyConnectedOptions"),
        "fully_connected_int4": Op("FULLY_CONNECTED", 12, "2.20", "FullyConnectedOptions"),
        # LiteRT 1.2 and 1.4 open such a file and answer wrongly; 2.1 and later are right.
        "fully_connected_int4_in_blocks": Op(
            "FULLY_CONNECTED", 13, "2.21", "FullyConnectedOptions"
        ),
        "gather": Op("GATHER", 1, "1.6", "GatherOptions"),
        "gather_float16": Op("GATHER", 1, "2.20", "GatherOptions"),
        "gather_int16": Op("GATHER", 4, "2.4", "GatherOptions"),
        "gather_int8": Op("GATHER", 2, "1.14", "GatherOptions"),
        "gelu": Op("GELU", 1, "2.9", "GeluOptions"),
        "gelu_int8": Op("GELU", 2, "2.9", "GeluOptions"),
        "l2_normalization": Op("L2_NORMALIZATION", 1, "1.5", "L2NormOptions"),
        "less": Op("LESS", 1, "1.14", "LessOptions"),
        "logistic": Op("LOGISTIC", 1, "1.14"),
        "logistic_int8": Op("LOGISTIC", 2, "1.14"),
        "logistic_int16": Op("LOGISTIC", 3, "2.3"),
        "mean": Op("MEAN", 1, "1.6", "ReducerOptions"),
        "mean_int8": Op("MEAN", 2, "1.14", "ReducerOptions"),
        "mean_int16": Op("MEAN", 3, "2.4", "ReducerOptions"),
        "mul": Op("MUL", 1, "1.5", "MulOptions"),
        "mul_int8": Op("MUL", 3, "1.15", "MulOptions"),
        "mul_int16": Op("MUL", 4, "2.3", "MulOptions"),
        "one_hot": Op("ONE_HOT", 1, "1.11", "OneHotOptions"),
        "quantize": Op("QUANTIZE", 2, "2.1", "QuantizeOptions"),
        "reduce_max": Op("REDUCE_MAX", 1, "1.11", "ReducerOptions"),
        "relu": Op("RELU", 1, "1.5"),
        "relu_int8": Op("RELU", 2, "1.14"),
        "relu_int16": Op("RELU", 3, "2.5"),
        "reshape": Op("RESHAPE", 1, "1.5"),
        "rsqrt": Op("RSQRT", 1, "1.10"),
        "rsqrt_int8": Op("RSQRT", 2, "2.5"),
        "rsqrt_int16": Op("RSQRT", 3, "2.14"),
        "shape": Op("SHAPE", 1, "1.10", "ShapeOptions"),
        "slice": Op("SLICE", 1, "1.14", "SliceOptions"),
        "slice_int8": Op("SLICE", 2, "1.14", "SliceOptions"),
        "softmax": Op("SOFTMAX", 1, "1.5", "SoftmaxOptions"),
        "softmax_int8": Op("SOFTMAX", 2, "1.14", "SoftmaxOptions"),
        "softmax_int16": Op("SOFTMAX", 3, "2.3", "SoftmaxOptions"),
        "strided_slice": Op("STRIDED_SLICE", 1, "1.6", "StridedSliceOptions"),
        "strided_slice_int8": Op("STRIDED_SLICE", 2, "1.14", "StridedSliceOptions"),
        "sub": Op("SUB", 1, "1.6", "SubOptions"),
        "sub_int8": Op("SUB", 2, "1.14", "SubOptions"),
        "sub_int16": Op("SUB", 5, "2.4", "SubOptions"),
        "tanh": Op("TANH", 1, "1.14"),
        "tanh_int8": Op("TANH", 2, "1.14"),
        "tanh_int16": Op("TANH", 3, "2.3"),
        "transpose": Op("TRANSPOSE", 1, "1.6", "TransposeOptions"),
        "transpose_int8": Op("TRANSPOSE", 2, "1.14", "TransposeOptions"),
        "transpose_int16": Op("TRANSPOSE", 5, "2.4", "TransposeOptions"),
        # There since 1.15, but tflite-runtime 2.14 fails when the length changes.
        "while": Op("WHILE", 1, "2.17", "WhileOptions"),
    }
)
