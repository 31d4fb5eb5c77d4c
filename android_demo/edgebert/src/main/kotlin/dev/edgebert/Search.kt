package dev.edgebert

import dev.edgebert.tasks.descending
import kotlin.math.abs
import kotlin.math.max
import kotlin.math.sqrt

/** Vectors are kept with values from -127 to 127. */
private const val LEVELS = 127.0

/** Names of the prompts of what is looked for, and of what is searched. */
private val QUERY = listOf("query")
private val DOCUMENT = listOf("document", "passage", "corpus")

/**
 * Finds the documents that mean what a query means: an int8 vector for each, all of them compared.
 *
 * Where the file has prompts for queries and passages they are put before the texts. Scores are those of edgebert's search in Python, where a corpus has one document a line and blank lines are none.
 */
class Search private constructor(private val model: EdgebertModel, private val entries: List<Entry>) {
    private class Entry(val text: String, val line: Int, val vector: Direction)

    /** Number of documents. */
    val size: Int get() = entries.size

    /**
     * The documents nearest to a query, the nearest first; of equal ones the earlier first.
     *
     * @param top most documents to give.
     */
    @JvmOverloads
    @Throws(EdgebertException::class)
    fun find(query: String, top: Int = 5): Reply<List<Hit>> {
        if (top < 1) throw EdgebertException("top is $top; a whole number from 1 on is needed")
        val reply = model.embed(query, prompt = model.promptFor(QUERY))
        val start = System.nanoTime()
        val hits = nearest(reply.value, top)
        val timing = reply.timing.run { copy(finishNanos = finishNanos + System.nanoTime() - start) }
        return Reply(hits, reply.tokens, reply.truncated, timing)
    }

    private fun nearest(query: FloatArray, top: Int): List<Hit> {
        val length = query.length()
        val direction = if (length == 0f) query else FloatArray(query.size) { query[it] / length }
        val scores = FloatArray(size) { entries[it].vector.dot(direction) }
        return descending(size) { scores[it].toDouble() }
            .take(top)
            .map { Hit(entries[it].text, scores[it], entries[it].line) }
            .toList()
    }

    companion object {
        /**
         * Embeds a corpus, which takes as long as that many answers.
         *
         * @param lines of the corpus.
         * @param progress told after each document how many of how many are done.
         * @throws EdgebertException the model does not embed, or there is no document.
         */
        @JvmStatic
        @JvmOverloads
        @Throws(EdgebertException::class)
        fun build(
            model: EdgebertModel,
            lines: List<String>,
            progress: (done: Int, total: Int) -> Unit = { _, _ -> },
        ): Search {
            if (model.task != Task.EMBED) {
                throw EdgebertException("${model.name}: is for ${model.task.id}; search needs a model for embed")
            }
            val documents = lines.mapIndexed { at, line -> at + 1 to line.trim() }.filter { it.second.isNotEmpty() }
            if (documents.isEmpty()) throw EdgebertException("there are no documents; at least one is needed")
            val prompt = model.promptFor(DOCUMENT)
            val entries = documents.mapIndexed { done, (line, text) ->
                Entry(text, line, direction(model.embed(text, prompt = prompt).value)).also { progress(done + 1, documents.size) }
            }
            return Search(model, entries)
        }
    }
}

/** A vector's direction: its values times its scale have length 1. */
internal class Direction(private val values: ByteArray, private val scale: Float) {
    fun dot(other: FloatArray): Float {
        var sum = 0f
        for (at in values.indices) sum += values[at] * other[at]
        return sum * scale
    }
}

internal fun direction(vector: FloatArray): Direction {
    val largest = vector.fold(0f) { most, value -> max(most, abs(value)) }
    if (largest == 0f) return Direction(ByteArray(vector.size), 0f)
    val values = ByteArray(vector.size) { Math.rint(vector[it] * (LEVELS / largest)).toInt().toByte() }
    return Direction(values, 1 / FloatArray(values.size) { values[it].toFloat() }.length())
}

/**
 * The first of some names that the file has a prompt for; null leaves it to the default.
 *
 * One with a text counts before one that is empty, as in Python.
 */
private fun EdgebertModel.promptFor(names: List<String>): String? {
    val found = names.filter { it in record.prompts }
    return found.find { record.prompts.getValue(it).isNotEmpty() } ?: found.firstOrNull()
}

private fun FloatArray.length(): Float = sqrt(sumOf { it.toDouble() * it }).toFloat()
