package dev.edgebert.index

import kotlin.math.abs
import kotlin.math.max
import kotlin.math.sqrt

/** Values of a vector go from -127 to 127. */
private const val LEVELS = 127.0

/**
 * A vector's direction: its values times its scale have length 1.
 *
 * @property scale 0 for a vector of zeros.
 */
internal class Direction(val values: ByteArray, val scale: Float) {
    /** The sum of products with another vector of the same size. */
    fun dot(other: FloatArray): Float {
        var sum = 0f
        for (at in values.indices) sum += values[at] * other[at]
        return sum * scale
    }
}

/** Rounds to int8, as Python's `edgebert.semantic_search.index_file.quantize` does. */
internal fun direction(vector: FloatArray): Direction {
    val largest = vector.fold(0f) { most, value -> max(most, abs(value)) }
    if (largest == 0f) return Direction(ByteArray(vector.size), 0f)
    val factor = LEVELS / largest
    val values = ByteArray(vector.size) { Math.rint(vector[it] * factor).toInt().toByte() }
    // The root in float32, its inverse in float64: the same bits as there.
    val length = sqrt(values.sumOf { it.toDouble() * it }).toFloat()
    return Direction(values, (1 / length.toDouble()).toFloat())
}

/** The Euclidean length. */
internal fun FloatArray.length(): Double = sqrt(sumOf { it.toDouble() * it })
