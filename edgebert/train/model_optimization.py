"""tensorflow-model-optimization, imported in one place, and only when it is used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from edgebert.errors import EdgebertError
from edgebert.extras import install
from edgebert.train.backend import keras

if TYPE_CHECKING:
    quantizers: Any
    sparsity: Any
    Pruning: Any
else:
    try:
        # Masks of any variables; the public functions want layers of Keras.
        from tensorflow_model_optimization.python.core.sparsity.keras.pruning_impl import Pruning
        from tensorflow_model_optimization.quantization.keras import quantizers
        from tensorflow_model_optimization.sparsity import keras as sparsity
    except ImportError as error:
        raise EdgebertError(
            f"--qat and --prune need tensorflow-model-optimization ({error}): {install('train')}"
        ) from error

__all__ = ["Pruning", "keras", "quantizers", "sparsity"]
