package dev.edgebert.modelfile

/**
 * When a file abstains.
 *
 * From a label that is independent of the others, a span or an answer to a question whose score is below [minScore].
 *
 * A classifier with one label a text abstains by the probabilities that its graph gives. With p the probabilities, each
 * at least 1e-12, and b the first of the highest: the scores are p^(1 / temperature), divided by their sum; the
 * classifier abstains where the score of b is below [minScore], or the mean of -log p, less the energy of b, is below
 * [minScope].
 *
 * @property temperature above 0.
 * @property energies for each label; none where there is no one label a text.
 */
class Abstention(
    val temperature: Double,
    val energies: DoubleArray,
    val minScore: Double,
    val minScope: Double,
)
