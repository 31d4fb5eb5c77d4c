package dev.edgebert.tasks

import dev.edgebert.EdgebertException
import dev.edgebert.Reason
import dev.edgebert.Fill
import dev.edgebert.modelfile.ModelFile
import dev.edgebert.tokenizer.Encoding
import dev.edgebert.tokenizer.MASK
import dev.edgebert.tokenizer.Tokenizer

/** The tokens that best stand where a text has [MASK]. */
internal class FillingMasks(file: ModelFile, private val tokenizer: Tokenizer) {
    private val vocabSize = file.record.model.vocabSize

    fun prepare(text: String, top: Int): Job<List<List<Fill>>> {
        checkCount("top", top)
        val input = tokenizer.encode(text, maskTokens = true)
        val ends = if (MASK in text) maskEnds(text) else emptyList()
        if (ends.isEmpty()) {
            throw EdgebertException(
                Reason.NoMask,
                "fill-mask: no $MASK in '${text.take(40)}'; put it where a word is wanted, " +
                    "as in 'Paris is the $MASK of France.'",
            )
        }
        val positions = input.ids.indices.filter { input.ids[it] == tokenizer.maskId }.toIntArray()
        if (positions.size < ends.size) {
            throw EdgebertException(
                Reason.MasksCutOff(ends.size - positions.size, tokenizer.options.maxLength),
                "fill-mask: ${ends.size - positions.size} of ${ends.size} $MASK are past the " +
                    "${tokenizer.options.maxLength} tokens that the model takes; shorten the text before them",
            )
        }
        return Fills(text, ends, input, positions, minOf(top, vocabSize))
    }

    /** Where the masks end in a text; what an added token takes of it is none. */
    private fun maskEnds(text: String): List<Int> {
        val ids = tokenizer.ids(text, maskTokens = true)
        val offsets = tokenizer.offsets(text, maskTokens = true)
        return ids.indices.filter { ids[it] == tokenizer.maskId }.map(offsets::end)
    }

    private inner class Fills(
        private val text: String,
        private val ends: List<Int>,
        private val input: Encoding,
        private val positions: IntArray,
        private val top: Int,
    ) : Job<List<List<Fill>>> {
        override val inputs = listOf(input)
        override val truncated = input.truncated

        override fun answer(run: Run): List<List<Fill>> {
            val logits = run(input, mapOf("positions" to positions)).values
            return positions.indices.map { mask ->
                val row = logits.copyOfRange(mask * vocabSize, (mask + 1) * vocabSize)
                val end = ends[mask]
                fills(softmax(row), text.substring(0, end - MASK.length), text.substring(end))
            }
        }

        private fun fills(scores: FloatArray, before: String, after: String): List<Fill> =
            descending(scores.size) { scores[it].toDouble() }.take(top).map { id ->
                val token = tokenizer.piece(id)
                Fill(token, scores[id], put(token, before, after))
            }.toList()
    }
}

private fun put(token: String, before: String, after: String): String =
    if (token.startsWith("##") && before.isNotBlank()) {
        before.trimEnd() + token.substring(2) + after
    } else {
        before + token + after
    }
