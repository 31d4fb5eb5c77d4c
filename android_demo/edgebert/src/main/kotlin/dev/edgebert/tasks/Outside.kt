package dev.edgebert.tasks

import kotlin.math.sqrt

/**
 * The space in which texts out of scope scatter alike in all directions about their mean (runtime/whitening.py).
 *
 * @param points of the texts, of length 1.
 * @param mean of these.
 * @param root lower triangle L of their covariance L Lᵀ, drawn towards equal variances.
 */
internal class Outside private constructor(points: List<FloatArray>, private val mean: FloatArray, private val root: Array<DoubleArray>) {
    private val texts = points.map(::direction)

    /** Of a point, in this space: L⁻¹ (point - mean), of length 1. */
    fun direction(point: FloatArray): FloatArray {
        val found = DoubleArray(point.size)
        for (row in point.indices) {
            var rest = (point[row] - mean[row]).toDouble()
            for (at in 0 until row) rest -= root[row][at] * found[at]
            found[row] = rest / root[row][row]
        }
        return toLengthOne(FloatArray(found.size) { found[it].toFloat() })
    }

    /** With all of the texts. */
    fun cosines(direction: FloatArray) = FloatArray(texts.size) { dot(texts[it], direction) }

    companion object {
        /** Null where all points are the same. */
        operator fun invoke(points: List<FloatArray>): Outside? {
            val width = points[0].size
            val mean = FloatArray(width) { at -> (points.sumOf { it[at].toDouble() } / points.size).toFloat() }
            val covariance = covariance(points, mean)
            val spread = (0 until width).sumOf { covariance[it][it] } / width
            if (spread == 0.0) return null
            val shrinkage = width.toDouble() / (width + points.size)
            for (row in 0 until width) {
                for (at in 0..row) covariance[row][at] *= 1 - shrinkage
                covariance[row][row] += shrinkage * spread
            }
            return Outside(points, mean, cholesky(covariance))
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
    }
}
