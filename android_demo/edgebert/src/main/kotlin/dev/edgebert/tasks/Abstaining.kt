package dev.edgebert.tasks

import dev.edgebert.modelfile.Abstention
import kotlin.math.exp
import kotlin.math.ln

/** What a rule makes of the probabilities [K] of one text. */
internal class Judgement(val scores: FloatArray, val best: Int, val abstained: Boolean)

/** Calibrates scores, and says whether to rely on the best: edgebert/runtime/abstention.py, number by number. */
internal fun Abstention.judge(output: FloatArray): Judgement {
    val logs = DoubleArray(output.size) { ln(maxOf(output[it].toDouble(), LEAST)) }
    val grown = DoubleArray(output.size) { exp(logs[it] / temperature) }
    val sum = grown.sum()
    val best = output.argMax()
    val abstained = grown[best] / sum < minScore || -logs.average() - energies[best] < minScope
    return Judgement(FloatArray(output.size) { (grown[it] / sum).toFloat() }, best, abstained)
}

/** Probabilities below it count as this. */
private const val LEAST = 1e-12
