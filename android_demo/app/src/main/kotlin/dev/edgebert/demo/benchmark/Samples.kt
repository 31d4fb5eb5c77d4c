package dev.edgebert.demo.benchmark

import dev.edgebert.Timing
import org.json.JSONObject

/** Microseconds of answers, by part: one entry an answer in each; `total` is the sum of the rest. */
class Samples {
    private val lists = PARTS.associateWith { ArrayList<Float>() }

    val size: Int get() = lists.getValue(TOTAL).size

    /** All answers together. */
    val seconds: Double get() = lists.getValue(TOTAL).sumOf { it.toDouble() } / 1e6

    fun add(timing: Timing) {
        val nanos = with(timing) { longArrayOf(tokenizeNanos, setNanos, invokeNanos, finishNanos, totalNanos) }
        PARTS.forEachIndexed { at, part -> lists.getValue(part).add(nanos[at] / 1000f) }
    }

    fun add(others: Samples) = PARTS.forEach { lists.getValue(it).addAll(others.lists.getValue(it)) }

    /** Answers [first] to [first] + [count] of a part. */
    fun of(part: String, first: Int = 0, count: Int = size): DoubleArray =
        DoubleArray(count) { lists.getValue(part)[first + it].toDouble() }

    fun toArrays(): Map<String, FloatArray> = lists.mapValues { it.value.toFloatArray() }

    fun toJson(): JSONObject = JSONObject().apply {
        lists.forEach { (part, values) -> put(part, jsonList(values.map { hundredths(it.toDouble()) })) }
    }

    companion object {
        const val TOTAL = "total"
        val PARTS = listOf("tokenize", "set", "invoke", "finish", TOTAL)

        fun of(arrays: (String) -> FloatArray): Samples =
            Samples().apply { PARTS.forEach { part -> lists.getValue(part).addAll(arrays(part).asList()) } }
    }
}

internal fun hundredths(value: Double): Double = Math.round(100 * value) / 100.0

internal fun thousandths(value: Double): Double = Math.round(1000 * value) / 1000.0
