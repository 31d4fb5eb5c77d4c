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

    /** How far a taught label reaches into texts that are not its own. */
    fun reach(prototype: FloatArray): Reach

    /** What is taught: labels, their points and reaches, perhaps none. */
    fun prototypes(labels: List<String>, points: List<FloatArray>, reaches: List<Reach>): Prototypes

    /** The answer by all labels. */
    fun answer(output: FloatArray, taught: Prototypes): Classification
}

/**
 * How far a taught label reaches.
 *
 * @property unseen how little lead leaves each unseen text to the file's own labels; perhaps none.
 * @property outside cosines with texts out of scope, where these scatter alike; perhaps none.
 * @property direction the label's prototype there; null: there are no such texts.
 */
internal class Reach(val unseen: FloatArray, val outside: FloatArray, val direction: FloatArray?)

/**
 * What is taught.
 *
 * @property points of the labels.
 * @property lead how much the file's own labels count before them.
 * @property directions their points among texts out of scope; null where there are no such texts.
 * @property bar what an answer's cosine has to be above there.
 */
internal class Prototypes(
    val labels: List<String>,
    val points: List<FloatArray>,
    val lead: Float = 0f,
    val directions: List<FloatArray?> = emptyList(),
    val bar: Float = Float.NEGATIVE_INFINITY,
)

/** A file for embed: all labels are taught. */
internal class EmbedderMethod(record: Record) : TeachingMethod {
    override val fingerprint = "%08x".format(checkNotNull(record.graphCrc32c))
    override val width = record.vectorSize
    override val labels = emptyList<String>()

    override fun point(output: FloatArray) = toLengthOne(output)

    override fun reach(prototype: FloatArray) = Reach(FloatArray(0), FloatArray(0), null)

    override fun prototypes(labels: List<String>, points: List<FloatArray>, reaches: List<Reach>) = Prototypes(labels, points)

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
    private val outside = teaching.outside?.let { texts ->
        val count = levels(texts.points)?.size?.div(width) ?: 0
        if (!(texts.mayTake >= 0 && texts.mayTake <= count - 1)) throw damaged()
        val points = rows(texts.points, count).map(::toLengthOne)
        if (points.all { it.contentEquals(points[0]) }) throw damaged()
        Outside(points)
    }
    private val own = classification(labels, record.abstention)

    override fun point(output: FloatArray): FloatArray {
        val hidden = output.copyOfRange(labels.size, output.size)
        return toLengthOne(FloatArray(width) { dot(matrix[it], hidden) - teaching.shift[it] })
    }

    override fun reach(prototype: FloatArray): Reach {
        val bars = teaching.unseen?.bars ?: FloatArray(0)
        val direction = outside?.direction(prototype)
        return Reach(
            FloatArray(bars.size) { SHARPNESS * dot(unseen[it], prototype) - bars[it] },
            direction?.let { outside?.cosines(it) } ?: FloatArray(0),
            direction,
        )
    }

    override fun prototypes(labels: List<String>, points: List<FloatArray>, reaches: List<Reach>): Prototypes {
        if (labels.isEmpty()) return Prototypes(labels, points)
        val lead = teaching.unseen?.let { farthest(reaches.map(Reach::unseen), it.mayLose) } ?: teaching.lead
        val bar = teaching.outside?.let { farthest(reaches.map(Reach::outside), it.mayTake) } ?: Float.NEGATIVE_INFINITY
        return Prototypes(labels, points, lead, reaches.map { it.direction }, bar)
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
        val withheld = if (takes) isOutside(point, taught.directions[best], taught.bar) else plain.abstained == true
        val abstained = record.abstention?.let { withheld || score < it.minScore }
        return Classification(if (takes) taught.labels[best] else plain.label, score, scores, abstained)
    }

    /** Whether a taught label's text is no nearer to it than those out of scope. */
    private fun isOutside(point: FloatArray, direction: FloatArray?, bar: Float): Boolean =
        outside != null && direction != null && dot(outside.direction(point), direction) <= bar

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

/** What the farthest reach into all texts but so many does not exceed; between two numbers it is interpolated. */
private fun farthest(reaches: List<FloatArray>, allowed: Float): Float {
    val values = FloatArray(reaches[0].size) { at -> reaches.maxOf { it[at] } }.apply { sortDescending() }
    val before = allowed.toInt()
    val next = values[minOf(before + 1, values.lastIndex)]
    return values[before] + (allowed - before) * (next - values[before])
}

internal fun dot(one: FloatArray, other: FloatArray): Float {
    var sum = 0f
    for (at in one.indices) sum += one[at] * other[at]
    return sum
}
