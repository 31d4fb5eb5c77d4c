"""The bytes of a graph that was just built, without a file around it."""

from edgebert.converter.bert_graph import build_graph
from edgebert.converter.recipes import RECIPES
from edgebert.model_file.serialize import serialize
from tests.bare_engine import run

__all__ = ["built", "run"]


def built(config, weights, head, recipe="float32", runtime="litert"):
    """The bytes of the graph."""
    storage = RECIPES[recipe].methods[runtime].storage
    return bytes(serialize(build_graph(config, weights, head, storage).model("")))
