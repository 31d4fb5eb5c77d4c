"""An auxiliary objective as one would add it: how alike the texts of a batch are to the teacher."""

from edgebert.train.backend import tf
from edgebert.train.distillation.options import AuxiliaryObjective


class SimilarityLoss:
    """Mean squared difference of the cosines between all texts of a batch."""

    def __init__(self, student, teacher, seed):
        self.parameters = {}

    def __call__(self, outputs):
        own, wanted = (
            tf.nn.l2_normalize(rows, axis=-1) for rows in (outputs.logits, outputs.scores)
        )
        cosines, targets = (tf.matmul(rows, rows, transpose_b=True) for rows in (own, wanted))
        return tf.reduce_mean(tf.square(cosines - targets))


ROW = AuxiliaryObjective(
    help="Weight of the similarities' difference.",
    loss="tests.train.toy_objective:SimilarityLoss",
    reads_activations=False,
)
