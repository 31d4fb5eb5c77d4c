package dev.edgebert.tasks

import dev.edgebert.Classification
import dev.edgebert.EdgebertException
import dev.edgebert.Reason
import dev.edgebert.modelfile.Record
import dev.edgebert.modelfile.Teaching
import java.util.Base64
import java.util.zip.CRC32

/** A score is the softmax of cosines times it. */
private const val SHARPNESS = 20f

/** What is compared with taught labels: an embedder's vectors, or a classifier's hidden states (runtime/teaching_method.py). */
internal interface TeachingMethod {
    /** By which a side file knows its model, 8 hexadecimal digits. */
    val fingerprint: String

    /** Of a point. */
    val width: Int

    /** The file's own. */
    val labels: List<String>

    /** What is compared, of length 1, from an output. */
    fun point(output: FloatArray): FloatArray

    /** How far a taught label reaches into texts of the file's own labels, perhaps none. */
    fun reach(prototype: FloatArray): FloatArray

    /** How much the file's own labels count before taught ones, one or more, each of which has its reach. */
    fun lead(reaches: List<FloatArray>): Float

    /** The answer by all labels. */
    fun answer(output: FloatArray, taught: Prototypes): Classification
}

/**
 * What is taught.
 *
 * @property points of the labels.
 * @property lead how much the file's own labels count before them.
 */
internal class Prototypes(val labels: List<String>, val points: List<FloatArray>, val lead: Float)

/** A file for embed: all labels are taught. */
internal class EmbedderMethod(record: Record) : TeachingMethod {
    override val fingerprint = "%08x".format(checkNotNull(record.graphCrc32c))
    override val width = record.vectorSize
    override val labels = emptyList<String>()

    override fun point(output: FloatArray) = toLengthOne(output)

    override fun reach(prototype: FloatArray) = FloatArray(0)

    override fun lead(reaches: List<FloatArray>) = 0f

    override fun answer(output: FloatArray, taught: Prototypes): Classification {
        val point = point(output)
        val labels = taught.labels
        val scores = softmax(FloatArray(labels.size) { SHARPNESS * dot(taught.points[it], point) })
        val best = scores.argMax()
        return Classification(labels[best], scores[best], labels.indices.associate { labels[it] to scores[it] })
    }
}

/** A classifier that was converted to be taught: labels beside its own; outputs are scores [K] and hidden state [H]. */
internal class ClassifierMethod(private val record: Record, private val teaching: Teaching) : TeachingMethod {
    override val fingerprint = "%08x".format(
        CRC32().apply { update("%08x".format(checkNotNull(record.graphCrc32c)).plus(teaching.matrix).toByteArray()) }.value,
    )
    override val width = record.model.hiddenSize
    override val labels = record.labels

    private val matrix = rows(teaching.matrix, width).mapIndexed { at, row -> FloatArray(width) { row[it] * teaching.scales[at] } }
    private val centres = rows(teaching.centres, labels.size).map(::toLengthOne)
    private val unseen = teaching.unseen?.let { texts ->
        if (!(texts.mayLose >= 0 && texts.mayLose <= texts.bars.size - 1)) throw damaged()
        rows(texts.points, texts.bars.size).map(::toLengthOne)
    }.orEmpty()
    private val own = classification(labels, record.abstention)

    override fun point(output: FloatArray): FloatArray {
        val hidden = output.copyOfRange(labels.size, output.size)
        return toLengthOne(FloatArray(width) { dot(matrix[it], hidden) - teaching.shift[it] })
    }

    override fun reach(prototype: FloatArray): FloatArray {
        val bars = teaching.unseen?.bars ?: return FloatArray(0)
        return FloatArray(bars.size) { SHARPNESS * dot(unseen[it], prototype) - bars[it] }
    }

    override fun lead(reaches: List<FloatArray>): Float {
        val texts = teaching.unseen ?: return teaching.lead
        val farthest = FloatArray(texts.bars.size) { at -> reaches.maxOf { it[at] } }.apply { sortDescending() }
        val before = texts.mayLose.toInt()
        val next = farthest[minOf(before + 1, farthest.lastIndex)]
        return farthest[before] + (texts.mayLose - before) * (next - farthest[before])
    }

    override fun answer(output: FloatArray, taught: Prototypes): Classification {
        val plain = own(output.copyOf(labels.size))
        if (taught.labels.isEmpty()) return plain
        val point = point(output)
        val rest = logSumExp(DoubleArray(labels.size) { (SHARPNESS * dot(centres[it], point)).toDouble() }) + taught.lead
        val shares = softmax(FloatArray(taught.labels.size) { SHARPNESS * dot(taught.points[it], point) } + rest.toFloat())
        val scores = LinkedHashMap<String, Float>()
        plain.scores.forEach { (label, score) -> scores[label] = score * shares.last() }
        taught.labels.forEachIndexed { at, label -> scores[label] = shares[at] }
        val best = shares.copyOf(taught.labels.size).argMax()
        val takes = shares[best] > plain.score * shares.last()
        val score = if (takes) shares[best] else plain.score * shares.last()
        val abstained = record.abstention?.let { (!takes && plain.abstained == true) || score < it.minScore }
        return Classification(if (takes) taught.labels[best] else plain.label, score, scores, abstained)
    }

    private fun damaged() =
        EdgebertException(Reason.Damaged, "edgebert record: record.teaching does not fit ${labels.size} labels and $width numbers")

    /** Rows of int8 as float32. */
    private fun rows(base64: String, count: Int): List<FloatArray> {
        val levels = levels(base64)
        if (levels?.size != count * width || teaching.scales.size != width || teaching.shift.size != width) {
            throw damaged()
        }
        return List(count) { row -> FloatArray(width) { levels[row * width + it].toFloat() } }
    }
}

/** What base64 stands for; null where it is none. */
internal fun levels(base64: String): ByteArray? = try {
    Base64.getDecoder().decode(base64)
} catch (_: IllegalArgumentException) {
    null
}

private fun dot(one: FloatArray, other: FloatArray): Float {
    var sum = 0f
    for (at in one.indices) sum += one[at] * other[at]
    return sum
}
