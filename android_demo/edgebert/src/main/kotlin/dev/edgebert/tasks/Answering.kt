package dev.edgebert.tasks

import dev.edgebert.Answer
import dev.edgebert.modelfile.ModelFile
import dev.edgebert.runtime.Window
import dev.edgebert.runtime.windows
import dev.edgebert.tokenizer.Encoding
import dev.edgebert.tokenizer.Offsets
import dev.edgebert.tokenizer.Tokenizer
import kotlin.math.exp
import kotlin.math.ln

private const val NONE = Double.NEGATIVE_INFINITY

/** Answers to questions: the stretches of a context that answer best (SQuAD). */
internal class Answering(file: ModelFile, private val tokenizer: Tokenizer) {
    private val words = Words(file.vocabulary, file.record.tokenizer)
    private val minScore = file.record.abstention?.minScore

    fun prepare(
        question: String,
        context: String,
        top: Int,
        nullThreshold: Float?,
        maxAnswerLength: Int,
        stride: Int?,
    ): Job<List<Answer>> {
        checkCount("top", top)
        checkCount("maxAnswerLength", maxAnswerLength)
        val capacity = tokenizer.capacity(isPair = true)
        val asked = tokenizer.ids(question)
        val ids = tokenizer.ids(context)
        val kept = tokenizer.cut(asked, capacity / 2)
        val left = capacity - kept.size
        val spread = windows(ids.size, left, stride ?: (left / 2))
        return Answers(
            context = context,
            ids = ids,
            offsets = tokenizer.offsets(context),
            spread = spread,
            inputs = spread.map { tokenizer.join(kept, ids.copyOfRange(it.start, it.end)) },
            top = top,
            nullThreshold = nullThreshold?.toDouble(),
            longest = minOf(maxAnswerLength, left),
            truncated = kept.size < asked.size,
        )
    }

    /**
     * @property longest most tokens in an answer.
     */
    private inner class Answers(
        private val context: String,
        private val ids: IntArray,
        private val offsets: Offsets,
        private val spread: List<Window>,
        override val inputs: List<Encoding>,
        private val top: Int,
        private val nullThreshold: Double?,
        private val longest: Int,
        override val truncated: Boolean,
    ) : Job<List<Answer>> {
        /** Start plus end logit of the answer from token i to token i + j, at i * longest + j. */
        private val logits = DoubleArray(ids.size * longest) { NONE }

        /** How many tokens of context that answer had. */
        private val held = IntArray(logits.size) { -1 }

        /** The lowest logit of the answer that there is none, of all windows. */
        private var nullLogit = Double.POSITIVE_INFINITY

        override fun answer(run: Run): List<Answer> {
            spread.forEachIndexed { number, window ->
                note(window, inputs[number].texts.last().first, run(inputs[number], emptyMap()).values)
            }
            if (logits.isEmpty() || (nullThreshold != null && nullLogit - logits.max() > nullThreshold)) {
                return emptyList()
            }
            return best()
        }

        /** Notes every answer in a window that has more context there than in those before; it begins at [first]. */
        private fun note(window: Window, first: Int, output: FloatArray) {
            nullLogit = minOf(nullLogit, output[0].toDouble() + output[1])
            for (start in 0 until window.size) {
                for (further in 0 until minOf(longest, window.size - start)) {
                    val around = minOf(start, window.size - 1 - start - further)
                    val place = (window.start + start) * longest + further
                    if (around <= held[place]) continue
                    val end = first + start + further
                    logits[place] = output[2 * (first + start)].toDouble() + output[2 * end + 1]
                    held[place] = around
                }
            }
        }

        /** The best answers, each widened to whole words. */
        private fun best(): List<Answer> {
            val total = total()
            val wordOf = arrayOfNulls<IntRange>(ids.size)
            words.of(ids).forEach { word -> word.forEach { wordOf[it] = word } }
            val found = LinkedHashMap<Pair<Int, Int>, Answer>()
            for (place in descending(logits.size) { logits[it] }) {
                if (found.size == top || logits[place] == NONE) break
                val token = place / longest
                val firstWord = wordOf[token] ?: continue
                val lastWord = wordOf[token + place % longest] ?: continue
                val extent = offsets.extent(firstWord.first..lastWord.last)
                // Two candidates can be the same stretch of text; the better one came first.
                if (extent in found) continue
                val (start, end) = extent
                val score = exp(logits[place] - total)
                found[extent] = Answer(context.substring(start, end), start, end, score.toFloat(), minScore?.let { score < it })
            }
            return found.values.toList()
        }

        /** The logarithm of what scores are shares of. */
        private fun total(): Double {
            val answers = logSumExp(logits)
            if (nullThreshold == null && minScore == null) return answers
            val highest = maxOf(answers, nullLogit)
            return highest + ln(exp(answers - highest) + exp(nullLogit - highest))
        }
    }
}
