package dev.edgebert.tokenizer

import dev.edgebert.SHARED
import dev.edgebert.Truncate
import dev.edgebert.VOCABULARY
import dev.edgebert.ints
import dev.edgebert.jsonLines
import dev.edgebert.modelfile.Fields
import dev.edgebert.modelfile.tokenizer
import java.io.File

/** The vectors that Python's tokenizer is held to as well: ids, segment ids, offsets, truncation. */
internal class GoldenTokens {
    private val tokenizers = HashMap<TokenizerOptions, Tokenizer>()
    val cases = jsonLines(File(SHARED, "golden_tokens.jsonl"))

    /** Those on which this tokenizer does not agree. */
    fun failures(): List<Map<*, *>> = cases.filterNot(::agrees)

    private fun agrees(case: Map<*, *>): Boolean {
        val options = DEFAULTS + (case["options"] as Map<*, *>?).orEmpty()
        val text = case["text"] as String
        val pair = case["pair"] as String?
        val (encoding, offsets) = tokenizer(options).encodeWithOffsets(
            text,
            pair,
            maskTokens = options["mask_tokens"] as Boolean,
            truncate = Truncate.valueOf((options["truncate"] as String).uppercase()),
        )
        val first = (case["first"] as Long?)?.toInt() ?: encoding.ids.size
        val segmentIds = case["segment_ids"]?.ints() ?: IntArray(encoding.ids.size) { if (it < first) 0 else 1 }
        return encoding.ids.contentEquals(case["ids"].ints()) &&
            encoding.segmentIds.contentEquals(segmentIds) &&
            encoding.truncated == (case["truncated"] ?: false) &&
            inCodePoints(offsets, encoding, text, pair) == case["offsets"].ints().asList()
    }

    private fun tokenizer(options: Map<*, *>): Tokenizer {
        // As a file's record has them.
        val wanted = Fields(options + ("max_length" to 512L), "options").tokenizer()
            .copy(maxLength = (options["max_length"] as Long).toInt())
        return tokenizers.getOrPut(wanted) { Tokenizer(VOCABULARY, wanted) }
    }

    private fun inCodePoints(offsets: Offsets, encoding: Encoding, text: String, pair: String?): List<Int> {
        check(encoding.ids.size == offsets.size)
        val second = encoding.texts.last()
        return (0 until offsets.size).flatMap { token ->
            val source = if (pair != null && token in second) pair else text
            listOf(offsets.start(token), offsets.end(token)).map { source.codePointCount(0, it) }
        }
    }

    private companion object {
        val DEFAULTS = mapOf(
            "lower_case" to true,
            "strip_accents" to null,
            "chinese_chars" to true,
            "max_length" to 512L,
            "mask_tokens" to false,
            "truncate" to "longest",
            "truncation_side" to "right",
        )
    }
}
