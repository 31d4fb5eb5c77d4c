package dev.edgebert

import dev.edgebert.tasks.checkCount

/**
 * An answer with what was done to get it.
 *
 * @property tokens that the model saw, special ones and all windows counted.
 * @property truncated something was cut off to fit the model, and that was not asked for.
 */
data class Reply<out T>(val value: T, val tokens: Int, val truncated: Boolean, val timing: Timing)

/**
 * Where the time went.
 *
 * @property tokenizeNanos from text to ids.
 * @property setNanos checks, setting up a new length, writing the inputs.
 * @property invokeNanos the runtime's own work.
 * @property finishNanos from output to answer.
 */
data class Timing(val tokenizeNanos: Long, val setNanos: Long, val invokeNanos: Long, val finishNanos: Long) {
    /** From ids to answer. */
    val inferNanos: Long get() = setNanos + invokeNanos + finishNanos
    val totalNanos: Long get() = tokenizeNanos + inferNanos
    val tokenizeMillis: Double get() = tokenizeNanos / 1e6
    val inferMillis: Double get() = inferNanos / 1e6
}

/**
 * The best label, its score, and all scores by label, in the order of the model's labels.
 *
 * Scores sum to 1, except where labels are independent of each other and where the windows of a long text
 * were combined by [LongText.MAX]. Where a file has a rule of when to abstain (`edgebert convert --calibrate`), they
 * are calibrated: of the answers with a score of 0.8, about 80 % are right.
 *
 * @property label the best one, also where the model abstains.
 * @property abstained the answer is not to be relied on: the text may belong to another label, or to none. Null: the
 *   file has no rule.
 * @property given where labels are independent of each other, those that can be relied on; the model abstains where there
 *   is none. Null: the file has no rule, or labels are not independent.
 */
data class Classification @JvmOverloads constructor(
    val label: String,
    val score: Float,
    val scores: Map<String, Float>,
    val abstained: Boolean? = null,
    val given: List<String>? = null,
) {
    /**
     * The best labels, the best first; of equal ones the earlier of the model's first.
     *
     * @param maxResults most labels to give.
     * @param scoreThreshold labels with lower scores are left out.
     */
    @JvmOverloads
    fun top(maxResults: Int = Int.MAX_VALUE, scoreThreshold: Float = 0f): List<ScoredLabel> {
        checkCount("maxResults", maxResults)
        return scores.map { ScoredLabel(it.key, it.value) }
            .filter { it.score >= scoreThreshold }
            .sortedByDescending { it.score }
            .take(maxResults)
    }
}

/** A label and its score. */
data class ScoredLabel(val label: String, val score: Float)

/**
 * A labelled stretch of the text, `[start, end)` as indices of the Kotlin string: `text` is what stands there.
 *
 * The label has no B- or I- in front; the score is the mean over the words, each with the probability of its
 * label.
 *
 * @property abstained the span is not to be relied on. Null: the file has no rule of when to abstain.
 */
data class Span @JvmOverloads constructor(
    val label: String,
    val score: Float,
    val start: Int,
    val end: Int,
    val text: String,
    val abstained: Boolean? = null,
)

/**
 * A stretch of the context, `[start, end)` as indices of the Kotlin string: `text` is what stands there.
 *
 * The score is its share (softmax) among all possible answers in all windows, and the null answer where a
 * threshold for it was given, or the file has a rule of when to abstain.
 *
 * @property abstained the answer is not to be relied on: another may be right, or there is none. Null: the file has no
 *   such rule.
 */
data class Answer @JvmOverloads constructor(
    val text: String,
    val start: Int,
    val end: Int,
    val score: Float,
    val abstained: Boolean? = null,
)

/**
 * A word piece for a [MASK], its probability, and the text with it in place.
 *
 * Other masks stay in the text. A piece that continues a word (##ing) joins the word before.
 */
data class Fill(val token: String, val score: Float, val text: String)

/** A document that was found: its cosine with the query, -1 to 1, and its line in the corpus, from 1. */
data class Hit(val text: String, val score: Float, val line: Int)

/** The output of the graph as it is, without padding: its shape and its values in row order. */
class Output(val shape: IntArray, val values: FloatArray)

/**
 * What became of the file's self-test on this machine.
 *
 * @property failures one line for each text that failed; empty when all is well.
 * @property largestDifference to the recorded outputs.
 * @property tolerance what is allowed.
 */
data class SelfTestReport(
    val texts: Int,
    val failures: List<String>,
    val largestDifference: Float,
    val tolerance: Float,
) {
    /** Whether every text gave its recorded ids and output. */
    val passed: Boolean get() = failures.isEmpty()
}
