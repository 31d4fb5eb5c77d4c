package dev.edgebert.tasks

import dev.edgebert.LongTagging
import dev.edgebert.EdgebertException
import dev.edgebert.Reason
import dev.edgebert.Span
import dev.edgebert.Strategy
import dev.edgebert.modelfile.ModelFile
import dev.edgebert.runtime.Window
import dev.edgebert.runtime.windows
import dev.edgebert.tokenizer.Encoding
import dev.edgebert.tokenizer.Offsets
import dev.edgebert.tokenizer.Tokenizer

/** The label of words that belong to no span. */
private const val OUTSIDE = "O"

/** BIO, BIOES and BILOU (L for E, U for S). */
private val PREFIXED = Regex("([BIESLU])-(.+)", RegexOption.DOT_MATCHES_ALL)
private const val BEGINS = "BSU"
private const val ENDS = "ESLU"

/** A word with its label as the model has it, and its place in the text. */
internal class Word(val label: String, val score: Float, val start: Int, val end: Int)

/** Finds labelled spans in a text: names, places, parts of speech. */
internal class Tagging(file: ModelFile, private val tokenizer: Tokenizer) {
    private val words = Words(file.vocabulary, file.record.tokenizer)
    private val labels = file.record.labels
    private val minScore = file.record.abstention?.minScore
    private val capacity = tokenizer.capacity(isPair = false)

    fun prepare(text: String, strategy: Strategy, long: LongTagging, stride: Int?): Job<List<Span>> {
        if (stride != null && long == LongTagging.TRUNCATE) {
            throw EdgebertException(Reason.WrongArgument("stride"), "stride is for windows; ask for them: long = WINDOWS")
        }
        val all = tokenizer.ids(text)
        val truncated = long == LongTagging.TRUNCATE && all.size > capacity
        val ids = if (truncated) tokenizer.cut(all, capacity) else all
        val offsets = tokenizer.cut(tokenizer.offsets(text), ids.size)
        val spread = windows(ids.size, capacity, stride ?: (capacity / 2))
        return Tags(text, ids, offsets, spread, strategy, truncated)
    }

    private inner class Tags(
        private val text: String,
        private val ids: IntArray,
        private val offsets: Offsets,
        private val spread: List<Window>,
        private val strategy: Strategy,
        override val truncated: Boolean,
    ) : Job<List<Span>> {
        override val inputs: List<Encoding> = spread.map { tokenizer.join(ids.copyOfRange(it.start, it.end)) }

        override fun answer(run: Run): List<Span> {
            val probabilities = logits(run).map(::softmax)
            val tagged = words.of(ids).map { tokens -> word(tokens, probabilities) }
            return merge(tagged, labels).map {
                Span(it.label, it.score, it.start, it.end, text.substring(it.start, it.end), minScore?.let { least -> it.score < least })
            }
        }

        /** Logits of each token, from the window where it has most context. */
        private fun logits(run: Run): List<FloatArray> {
            val found = arrayOfNulls<FloatArray>(ids.size)
            val held = IntArray(ids.size) { -1 }
            spread.forEachIndexed { number, window ->
                val output = run(inputs[number], emptyMap()).values
                val first = inputs[number].texts.single().first
                for (token in window.start until window.end) {
                    if (window.context(token) <= held[token]) continue
                    val row = (first + token - window.start) * labels.size
                    found[token] = output.copyOfRange(row, row + labels.size)
                    held[token] = window.context(token)
                }
            }
            return found.map { checkNotNull(it) }
        }

        private fun word(tokens: IntRange, probabilities: List<FloatArray>): Word {
            val scores = when (strategy) {
                Strategy.FIRST -> probabilities[tokens.first]
                Strategy.AVERAGE -> FloatArray(labels.size) { label ->
                    tokens.map { probabilities[it][label] }.average().toFloat()
                }
            }
            val best = scores.argMax()
            val (start, end) = offsets.extent(tokens)
            return Word(labels[best], scores[best], start, end)
        }
    }
}

/**
 * Joins words into spans, by the scheme that the label set shows.
 *
 * Where every label but O has a prefix, a span begins at B, S and U, ends at E, S, L and U, and wherever the label
 * behind the prefix changes; a span may also begin with I or E, as conlleval reads it. Without prefixes, neighbours
 * of the same label make one span.
 */
internal fun merge(words: List<Word>, labels: List<String>): List<Word> {
    val prefixed = labels.all { it == OUTSIDE || PREFIXED.matches(it) }
    val spans = ArrayList<MutableList<Word>>()
    var open: String? = null
    for (word in words) {
        if (word.label == OUTSIDE) {
            open = null
            continue
        }
        val (prefix, label) = PREFIXED.matchEntire(word.label)?.takeIf { prefixed }?.destructured
            ?.let { (prefix, label) -> prefix to label } ?: ("I" to word.label)
        if (prefix in BEGINS || label != open) spans.add(ArrayList())
        spans.last().add(Word(label, word.score, word.start, word.end))
        open = if (prefix in ENDS) null else label
    }
    return spans.map(::join)
}

private fun join(words: List<Word>) = Word(
    words[0].label,
    words.map { it.score }.average().toFloat(),
    words.minOf { it.start },
    words.maxOf { it.end },
)
