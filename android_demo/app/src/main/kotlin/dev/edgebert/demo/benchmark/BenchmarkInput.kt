package dev.edgebert.demo.benchmark

import dev.edgebert.EdgebertModel
import dev.edgebert.Task
import dev.edgebert.demo.BenchmarkException
import java.io.File
import org.json.JSONObject

/** A text and its pair. */
data class Text(val text: String, val pair: String? = null)

/** What models are given: real texts, or one text of an exact number of tokens. */
sealed interface BenchmarkInput {
    /** What a person calls it. */
    val label: String

    /** The texts as [model] takes them. */
    fun of(model: EdgebertModel): List<Text>

    /** As a report names it. */
    fun toJson(): JSONObject

    /** All of it, for another process. */
    fun toSetting(): JSONObject

    companion object {
        /** What [toSetting] gave. */
        fun of(value: JSONObject, questions: () -> List<String>): BenchmarkInput =
            if (value.has("tokens")) Length(value.getInt("tokens"), Length.words(questions())) else Texts.of(value)
    }
}

/** At most a hundred texts, drawn evenly; [context] is what a question is asked about where its line names nothing. */
class Texts private constructor(val name: String, val lines: List<Text>, private val context: String?) : BenchmarkInput {
    override val label: String get() = name

    override fun of(model: EdgebertModel): List<Text> = when (model.task) {
        Task.ANSWER -> lines.map { it.copy(pair = it.pair ?: context) }
        Task.FILL_MASK -> lines.map { Text(masked(it.text)) }
        else -> lines
    }

    override fun toJson(): JSONObject = json("kind" to "texts", "name" to name, "count" to lines.size, "tokens" to null)

    override fun toSetting(): JSONObject =
        json("name" to name, "context" to context, "lines" to jsonList(lines.map { json("text" to it.text, "pair" to it.pair) }))

    /** Its last word is asked for. */
    private fun masked(text: String) = if (MASK in text) text else (text.split(' ').dropLast(1) + MASK).joinToString(" ")

    companion object {
        const val MASK = "[MASK]"
        private const val MOST = 100
        private const val MOST_BYTES = 64L shl 20
        private const val CONTEXT_LINES = 6

        /** The questions that ship with edgebert. */
        fun shipped(questions: List<String>) =
            Texts("questions", drawn(questions), questions.take(CONTEXT_LINES).joinToString(" "))

        fun of(value: JSONObject): Texts {
            val lines = value.getJSONArray("lines").objects().map { Text(it.getString("text"), it.stringOrNull("pair")) }
            return Texts(value.getString("name"), lines, value.stringOrNull("context"))
        }

        /** @throws BenchmarkException it cannot be read, is too large, or holds no text */
        fun read(file: File): Texts {
            if (!file.canRead()) throw BenchmarkException("$file: cannot be read")
            if (file.length() > MOST_BYTES) throw BenchmarkException("${file.name}: larger than 64 MB; give fewer texts")
            val lines = file.readLines().filter { it.isNotBlank() }
            if (lines.isEmpty()) throw BenchmarkException("${file.name}: holds no text")
            return Texts(file.nameWithoutExtension, drawn(lines), null)
        }

        private fun drawn(lines: List<String>): List<Text> {
            val count = minOf(lines.size, MOST)
            return List(count) { number ->
                val parts = lines[(number.toLong() * lines.size / count).toInt()].split('\t', limit = 2)
                Text(parts[0], parts.getOrNull(1))
            }
        }
    }
}

/** One text of [tokens] tokens, special ones included; made of [words] that are one token each. */
class Length(val tokens: Int, private val words: List<String>) : BenchmarkInput {
    override val label: String get() = "$tokens tokens"

    override fun of(model: EdgebertModel): List<Text> {
        if (tokens !in SHORTEST..model.maxLength) {
            throw BenchmarkException("length $tokens: ${model.name} is measured at $SHORTEST to ${model.maxLength} tokens")
        }
        val pieces = words.filter { model.tokenizer.ids(it).size == 1 }
        if (pieces.isEmpty()) throw BenchmarkException("lengths: the vocabulary of ${model.name} has no English word to make texts of")
        fun capacity(isPair: Boolean) = model.tokenizer.capacity(isPair, tokens)
        fun some(count: Int, from: Int = 0) = List(count) { pieces[(from + it) % pieces.size] }.joinToString(" ")
        return when (model.task) {
            Task.ANSWER -> listOf(Text(some(QUESTION_WORDS), some(capacity(isPair = true) - QUESTION_WORDS, QUESTION_WORDS)))
            Task.FILL_MASK -> listOf(Text("${some(capacity(isPair = false) - 1)} ${Texts.MASK}"))
            else -> listOf(Text(some(capacity(isPair = false))))
        }
    }

    override fun toJson(): JSONObject = json("kind" to "length", "name" to null, "count" to null, "tokens" to tokens)

    override fun toSetting(): JSONObject = json("tokens" to tokens)

    companion object {
        private const val SHORTEST = 8
        private const val QUESTION_WORDS = 4

        /** Words of texts that may be one token each. */
        fun words(texts: List<String>): List<String> =
            texts.flatMap { it.split(' ') }.filter { word -> word.isNotEmpty() && word.all { it.isLetter() } }.distinct()
    }
}
