"""TensorFlow and tf-keras, imported in one place: what the extra `train` installs."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from edgebert.errors import EdgebertError
from edgebert.extras import install
from edgebert.runtime.chatter import quiet

# Before TensorFlow is first imported: Keras 2, which tensorflow-model-optimization needs, and
# nothing but errors on stderr.
os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

if TYPE_CHECKING:
    tf: Any
    keras: Any
else:
    try:
        with quiet(pass_on=False):
            import tensorflow as tf
            import tf_keras as keras

            tf.config.list_physical_devices()  # says what it misses the first time it is asked
    except ImportError as error:
        raise EdgebertError(f"training needs TensorFlow ({error}): {install('train')}") from error
    # It warns of every shape that is traced anew; here each is, and on purpose.
    tf.get_logger().setLevel("ERROR")

__all__ = ["keras", "tf"]
