package dev.edgebert.tasks

import dev.edgebert.Classification
import dev.edgebert.EdgebertException
import dev.edgebert.Reason
import dev.edgebert.LongText
import dev.edgebert.Output
import dev.edgebert.Truncate
import dev.edgebert.modelfile.Abstention
import dev.edgebert.modelfile.Record
import dev.edgebert.runtime.windows
import dev.edgebert.tokenizer.Encoding
import dev.edgebert.tokenizer.Tokenizer
import kotlin.math.sqrt

/** A text or a pair that goes in whole; what does not fit is cut off. */
internal class Single<T>(private val input: Encoding, private val finish: (Output) -> T) : Job<T> {
    override val inputs = listOf(input)
    override val truncated = input.truncated

    override fun answer(run: Run): T = finish(run(input, emptyMap()))
}

/** A text in windows, whose outputs [1, K] are combined into one. */
private class Windowed<T>(
    override val inputs: List<Encoding>,
    private val combine: (List<FloatArray>) -> FloatArray,
    private val finish: (FloatArray) -> T,
) : Job<T> {
    override val truncated = false

    override fun answer(run: Run): T = finish(combine(inputs.map { run(it, emptyMap()).values }))
}

/**
 * One answer for a whole text, however long: embed, classify and regress.
 *
 * @param settle what is done to the combined output of several windows to make it such an output.
 * @param finish from the output of the graph [1, K] to the answer.
 */
internal class WholeText<T>(
    private val tokenizer: Tokenizer,
    private val settle: (FloatArray) -> FloatArray = { it },
    private val finish: (FloatArray) -> T,
) {
    fun prepare(text: String, pair: String?, truncate: Truncate, long: LongText, stride: Int?): Job<T> {
        if (long != LongText.TRUNCATE) return windowed(text, pair, long, stride)
        if (stride != null) throw EdgebertException(Reason.WrongArgument("stride"), "stride is for windows; ask for them: long = MEAN, MAX or FIRST")
        return Single(tokenizer.encode(text, pair, truncate = truncate)) { finish(it.values) }
    }

    private fun windowed(text: String, pair: String?, long: LongText, stride: Int?): Job<T> {
        if (pair != null) throw EdgebertException(Reason.WrongArgument("long"), "long = $long is for single texts; a pair is truncated")
        val capacity = tokenizer.capacity(isPair = false)
        val ids = tokenizer.ids(text)
        val spread = windows(ids.size, capacity, stride ?: capacity).take(if (long == LongText.FIRST) 1 else Int.MAX_VALUE)
        val inputs = spread.map { tokenizer.join(ids.copyOfRange(it.start, it.end)) }
        return Windowed(inputs, if (long == LongText.MAX) ::highest else ::mean) { finish(settle(it)) }
    }
}

/** Names the scores of an output [1, K] of a classifier. */
internal fun namingLabels(record: Record): (FloatArray) -> Classification = record.run {
    if (multiLabel) independentClassification(labels, abstention?.minScore) else classification(labels, abstention)
}

/**
 * Names the scores of an output [1, K], where a text has one label.
 *
 * @param rule of the file: calibrates them, and says when to abstain.
 */
internal fun classification(labels: List<String>, rule: Abstention?): (FloatArray) -> Classification = { output ->
    val judged = rule?.judge(output)
    val scores = judged?.scores ?: output
    val best = judged?.best ?: output.argMax()
    val byLabel = LinkedHashMap<String, Float>()
    labels.forEachIndexed { at, label -> byLabel[label] = scores[at] }
    Classification(labels[best], scores[best], byLabel, judged?.abstained)
}

/**
 * Likewise, where labels are independent of each other.
 *
 * @param minScore of the labels that are given; null: the file never abstains.
 */
private fun independentClassification(labels: List<String>, minScore: Double?): (FloatArray) -> Classification {
    val plain = classification(labels, null)
    if (minScore == null) return plain
    return { output ->
        val answer = plain(output)
        val given = answer.scores.filterValues { it >= minScore }.keys.toList()
        answer.copy(abstained = given.isEmpty(), given = given)
    }
}

/** Scales a vector to length 1. */
internal fun toLengthOne(vector: FloatArray): FloatArray {
    val length = maxOf(sqrt(vector.sumOf { it.toDouble() * it }).toFloat(), SMALLEST)
    return FloatArray(vector.size) { vector[it] / length }
}

/** The smallest float32 with all its digits. */
private const val SMALLEST = 1.17549435e-38f

private fun mean(rows: List<FloatArray>) =
    FloatArray(rows[0].size) { at -> (rows.sumOf { it[at].toDouble() } / rows.size).toFloat() }

private fun highest(rows: List<FloatArray>) = FloatArray(rows[0].size) { at -> rows.maxOf { it[at] } }
