"""The tiny run on several devices: `python -m tests.train.tiny_devices FOLDER SETTINGS [FLAGS]`.

SETTINGS are those that are not `tiny.SETTINGS`, as JSON. The workers are those of TF_CONFIG; with
`--mirrored` the devices are two parts of this machine's processor.
"""

import json
import sys
from dataclasses import replace

from edgebert.errors import EdgebertError
from edgebert.train.backend import tf
from edgebert.train.strategy import distributed
from tests.train import tiny


def mirrored():
    (cpu,) = tf.config.list_physical_devices("CPU")
    halves = [tf.config.LogicalDeviceConfiguration() for _ in range(2)]
    tf.config.set_logical_device_configuration(cpu, halves)
    return tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]).scope()


if __name__ == "__main__":
    folder, settings, *flags = sys.argv[1:]
    try:
        with mirrored() if "--mirrored" in flags else distributed("multi-worker"):
            changed = replace(tiny.SETTINGS, **json.loads(settings))
            tiny.run(folder, changed, resume="--resume" in flags)
    except EdgebertError as error:
        sys.exit(str(error))
