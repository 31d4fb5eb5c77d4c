package dev.edgebert.tasks

import dev.edgebert.tokenizer.Offsets
import dev.edgebert.tokenizer.TokenizerOptions

/**
 * Finds words among token ids, by the marks of their word pieces.
 *
 * A word is what BERT's basic tokenizer makes: letters and digits in a row, one punctuation mark, one Chinese
 * character.
 *
 * @param vocabulary word pieces; those that continue a word begin with ##.
 * @param options of the tokenizer; each added token is a word of its own.
 */
internal class Words(vocabulary: List<String>, options: TokenizerOptions) {
    private val continues = BooleanArray(vocabulary.size) { vocabulary[it].startsWith("##") }
        .also { continues -> options.addedTokens.forEach { continues[it.id] = false } }

    /** The words as ranges of tokens; pieces before the first beginning of a word belong to none. */
    fun of(ids: IntArray): List<IntRange> {
        val starts = ids.indices.filterNot { continues[ids[it]] }
        return starts.mapIndexed { number, start -> start until starts.getOrElse(number + 1) { ids.size } }
    }
}

/** From where the first of some tokens begins to where the last of them ends. */
internal fun Offsets.extent(tokens: IntRange): Pair<Int, Int> = tokens.minOf(::start) to tokens.maxOf(::end)
