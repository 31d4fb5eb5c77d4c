package dev.edgebert.tasks

import kotlin.math.sqrt

/**
 * The space in which texts out of scope scatter alike in all directions about their mean (runtime/whitening.py); computed
 * when a label is taught.
 *
 * @param points of the texts, of length 1, not all the same.
 */
internal class Outside(private val points: List<FloatArray>) {
    private val mean = FloatArray(points[0].size) { at -> (points.sumOf { it[at].toDouble() } / points.size).toFloat() }

    /** Lower triangle L of their covariance L Lᵀ, drawn towards equal variances. */
    private val root by lazy { cholesky(shrunk(covariance(points, mean), points.size)) }
    private val texts by lazy { points.map(::direction) }

    /** Of a point, in this space: L⁻¹ (point - mean), of length 1. */
    fun direction(point: FloatArray): FloatArray {
        val lower = root
        val found = DoubleArray(point.size)
        for (row in point.indices) {
            var rest = (point[row] - mean[row]).toDouble()
            for (at in 0 until row) rest -= lower[row][at] * found[at]
            found[row] = rest / lower[row][row]
        }
        return toLengthOne(FloatArray(found.size) { found[it].toFloat() })
    }

    /** With all of the texts. */
    fun cosines(direction: FloatArray) = FloatArray(texts.size) { dot(texts[it], direction) }
}

private fun shrunk(covariance: Array<DoubleArray>, rows: Int): Array<DoubleArray> {
    val width = covariance.size
    val spread = covariance.indices.sumOf { covariance[it][it] } / width
    val shrinkage = width.toDouble() / (width + rows)
    return Array(width) { row ->
        DoubleArray(row + 1) { at -> (1 - shrinkage) * covariance[row][at] + if (at == row) shrinkage * spread else 0.0 }
    }
}

/** The lower triangle. */
private fun covariance(points: List<FloatArray>, mean: FloatArray): Array<DoubleArray> {
    val found = Array(mean.size) { DoubleArray(it + 1) }
    for (point in points) {
        val apart = DoubleArray(mean.size) { (point[it] - mean[it]).toDouble() }
        for (row in found.indices) for (at in 0..row) found[row][at] += apart[row] * apart[at] / points.size
    }
    return found
}

private fun cholesky(matrix: Array<DoubleArray>): Array<DoubleArray> {
    val root = Array(matrix.size) { DoubleArray(it + 1) }
    for (row in matrix.indices) {
        for (at in 0..row) {
            var rest = matrix[row][at]
            for (k in 0 until at) rest -= root[row][k] * root[at][k]
            root[row][at] = if (at == row) sqrt(rest) else rest / root[at][at]
        }
    }
    return root
}
