package dev.edgebert.tasks

import kotlin.math.exp
import kotlin.math.ln

/** Probabilities of logits. */
internal fun softmax(logits: FloatArray): FloatArray {
    val highest = logits.max()
    val grown = FloatArray(logits.size) { exp(logits[it] - highest) }
    val sum = grown.sum()
    return FloatArray(logits.size) { grown[it] / sum }
}

/** The logarithm of the sum of exponentials, for logits of any size. */
internal fun logSumExp(logits: DoubleArray): Double {
    val highest = logits.max()
    return highest + ln(logits.sumOf { exp(it - highest) })
}

/** The number of the highest value, the first of equal ones. */
internal fun FloatArray.argMax(): Int = indices.maxBy { this[it] }

/**
 * Numbers of values from the highest down, the earlier of equal ones first.
 *
 * A heap: that the best few of a million are wanted costs no sorting of the million.
 */
internal fun descending(size: Int, value: (Int) -> Double): Sequence<Int> = sequence {
    val heap = Heap(size, value)
    while (heap.size > 0) yield(heap.pop())
}

private class Heap(var size: Int, private val value: (Int) -> Double) {
    private val numbers = IntArray(size) { it }

    init {
        for (at in size / 2 - 1 downTo 0) sink(at)
    }

    fun pop(): Int {
        val best = numbers[0]
        numbers[0] = numbers[--size]
        sink(0)
        return best
    }

    private fun sink(from: Int) {
        var at = from
        while (true) {
            var best = at
            for (child in 2 * at + 1..minOf(2 * at + 2, size - 1)) if (isBetter(child, best)) best = child
            if (best == at) return
            numbers[at] = numbers[best].also { numbers[best] = numbers[at] }
            at = best
        }
    }

    private fun isBetter(one: Int, other: Int): Boolean {
        val order = value(numbers[one]).compareTo(value(numbers[other]))
        return order > 0 || (order == 0 && numbers[one] < numbers[other])
    }
}
