"""Writes a BERT as PyTorch users do: for ExecuTorch, as ONNX, or with Google's exporter.

Usage: torch_model.py WEIGHTS.npz OUTPUT; the ending of OUTPUT chooses. Runs in the environment of
ExecuTorch (`.pte`: XNNPACK, int8 weights, activations quantised while running; `.onnx`: float32,
for MNN) or of litert-torch (`.16-128.tflite`: for these lengths, with a mask, int8 as above, since
it exports no open length that LiteRT runs). The weights are under edgebert's canonical names, with
`heads`, `epsilon` and `embeds` beside them. The model is the usual one (arXiv 1810.04805).
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

TOKENS = 128
"""Of a file with a fixed length, and at most of one with an open length."""


class Layer(nn.Module):
    """A transformer layer."""

    def __init__(self, width: int, inner: int, heads: int, epsilon: float) -> None:
        super().__init__()
        self.heads = heads
        self.attention = nn.ModuleDict(
            {part: nn.Linear(width, width) for part in ("query", "key", "value", "output")}
        )
        self.attention["norm"] = nn.LayerNorm(width, epsilon)
        self.ffn = nn.ModuleDict(
            {
                "intermediate": nn.Linear(width, inner),
                "output": nn.Linear(inner, width),
                "norm": nn.LayerNorm(width, epsilon),
            }
        )

    def forward(self, x: torch.Tensor, bias: torch.Tensor | None) -> torch.Tensor:
        """[1, n, H]; the bias is added to all scores."""
        part = self.attention
        query, key, value = (
            part[name](x).view(1, -1, self.heads, x.shape[-1] // self.heads).transpose(1, 2)
            for name in ("query", "key", "value")
        )
        scores = query @ key.transpose(-1, -2) * (x.shape[-1] // self.heads) ** -0.5
        if bias is not None:
            scores = scores + bias
        mixed = (scores.softmax(-1) @ value).transpose(1, 2).reshape(1, -1, x.shape[-1])
        x = part["norm"](x + part["output"](mixed))
        inner = nn.functional.gelu(self.ffn["intermediate"](x))
        return self.ffn["norm"](x + self.ffn["output"](inner))


class Bert(nn.Module):
    """From ids [1, n], and perhaps a mask, to a sentence vector [1, H] or logits [1, K]."""

    def __init__(self, weights: dict[str, Any]) -> None:
        super().__init__()
        heads, epsilon, embeds = (
            weights.pop(name).item() for name in ("heads", "epsilon", "embeds")
        )
        tensors = {name: torch.from_numpy(value) for name, value in weights.items()}
        width = len(tensors["embeddings.norm.weight"])
        inner = len(tensors["layers.0.ffn.intermediate.bias"])
        layers = 1 + max(int(n.split(".")[1]) for n in tensors if n.startswith("layers."))
        self.embeds = bool(embeds)
        self.word = nn.Embedding.from_pretrained(tensors["embeddings.word"])
        # Texts have one segment here.
        positions = tensors["embeddings.position"][:TOKENS] + tensors["embeddings.segment"][0]
        self.position = nn.Parameter(positions, requires_grad=False)
        self.norm = nn.LayerNorm(width, epsilon)
        self.layers = nn.ModuleList(Layer(width, inner, heads, epsilon) for _ in range(layers))
        named = {n.replace("embeddings.norm", "norm"): t for n, t in tensors.items()}
        if not self.embeds:
            self.pooler = nn.Linear(width, width)
            self.classifier = nn.Linear(width, len(tensors["classifier.bias"]))
        missing, _ = self.load_state_dict(named, strict=False)
        if {*missing} - {"word.weight", "position"}:
            raise SystemExit(f"no weights for {missing}")

    def forward(self, ids: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
        """Without a mask all tokens are looked at."""
        x = self.norm(self.word(ids) + self.position[: ids.shape[1]])
        bias = None if mask is None else (mask.to(x.dtype)[:, None, None, :] - 1) * 10_000
        for layer in self.layers:
            x = layer(x, bias)
        if not self.embeds:
            return self.classifier(torch.tanh(self.pooler(x[:, 0])))
        if mask is None:
            mean = x.mean(1)
        else:
            shown = mask.to(x.dtype)[:, :, None]
            mean = (x * shown).sum(1) / shown.sum(1)
        return mean / (mean * mean).sum(1, keepdim=True).sqrt()


def executorch(model: Bert, output: Path) -> None:
    """As ExecuTorch's guide for XNNPACK has it."""
    from executorch.backends.xnnpack.partition.xnnpack_partitioner import (
        XnnpackDynamicallyQuantizedPartitioner,
        XnnpackPartitioner,
    )
    from executorch.backends.xnnpack.quantizer.xnnpack_quantizer import (
        XNNPACKQuantizer,
        get_symmetric_quantization_config,
    )
    from executorch.exir import to_edge_transform_and_lower
    from torchao.quantization.pt2e.quantize_pt2e import convert_pt2e, prepare_pt2e

    given = (torch.randint(999, 30_000, (1, 64)),)
    shapes = {"ids": {1: torch.export.Dim("n", min=2, max=TOKENS)}}
    quantizer = XNNPACKQuantizer()
    quantizer.set_global(get_symmetric_quantization_config(is_per_channel=True, is_dynamic=True))
    exported = torch.export.export(model, given, dynamic_shapes=shapes, strict=False)
    prepared = prepare_pt2e(exported.module(), quantizer)
    prepared(*given)
    exported = torch.export.export(
        convert_pt2e(prepared), given, dynamic_shapes=shapes, strict=False
    )
    partitioners = [XnnpackDynamicallyQuantizedPartitioner(), XnnpackPartitioner()]
    lowered = to_edge_transform_and_lower(exported, partitioner=partitioners)
    output.write_bytes(lowered.to_executorch().buffer)


def onnx(model: Bert, output: Path) -> None:
    """Float32, of an open length."""
    torch.onnx.export(
        model,
        (torch.randint(999, 30_000, (1, 24)),),
        output,
        dynamo=False,
        opset_version=17,
        input_names=["ids"],
        output_names=["out"],
        dynamic_axes={"ids": {1: "n"}},
    )


def tflite(model: Bert, output: Path) -> None:
    """By litert-torch, a signature a length, then int8 by its quantiser."""
    import litert_torch
    from ai_edge_quantizer import quantizer, recipe

    exported = litert_torch
    for length in map(int, output.suffixes[-2].strip(".").split("-")):
        ids = torch.randint(999, 30_000, (1, length), dtype=torch.int32)
        named = {"ids": ids, "mask": torch.ones_like(ids)}
        exported = exported.signature(f"tokens_{length}", model, sample_kwargs=named)
    whole = output.with_suffix(".float32")
    exported.convert().export(str(whole))
    made = quantizer.Quantizer(str(whole), recipe.dynamic_wi8_afp32())
    output.unlink(missing_ok=True)
    made.quantize().export_model(str(output))
    whole.unlink()


def main() -> None:
    source, output = map(Path, sys.argv[1:])
    model = Bert(dict(np.load(source))).eval()
    with torch.no_grad():
        {".pte": executorch, ".onnx": onnx, ".tflite": tflite}[output.suffix](model, output)


if __name__ == "__main__":
    main()
