package dev.edgebert.tokenizer

import dev.edgebert.EdgebertException
import dev.edgebert.Reason

/** Longer words, in code points, become [UNK]. */
internal const val LONGEST_WORD = 100

private const val CONTINUES = "##"

/**
 * A vocabulary of word pieces: greedy, the longest piece first.
 *
 * @param vocabulary the index is the id.
 * @param hidden ids of pieces that no word is cut into.
 * @throws EdgebertException a piece is there twice, or [UNK] is missing.
 */
internal class WordPieces(vocabulary: List<String>, hidden: Set<Int> = emptySet()) {
    private val ids = HashMap<String, Int>(vocabulary.size * 4 / 3 + 1)
    private val continuing = HashMap<String, Int>()
    private val longest: Int
    private val unknown: Int

    init {
        vocabulary.forEachIndexed { id, piece ->
            ids.put(piece, id)?.let { first ->
                throw EdgebertException(Reason.Damaged, "vocabulary: '$piece' is there twice, as id $first and as id $id")
            }
            if (piece.startsWith(CONTINUES) && id !in hidden) continuing[piece.substring(CONTINUES.length)] = id
        }
        hidden.forEach { ids.remove(vocabulary[it]) }
        longest = vocabulary.maxOfOrNull { it.length } ?: 0
        unknown = idOf("[UNK]")
    }

    /** The id of one piece. */
    fun idOf(piece: String): Int = ids[piece]
        ?: throw EdgebertException(Reason.Damaged, "vocabulary: $piece is not among the ${ids.size} word pieces")

    /** The pieces of [word], or [UNK] alone where they do not cover it: in turn an id, and where it ends in the word. */
    fun split(word: String): Ints {
        val found = Ints()
        var done = 0
        while (done < word.length) {
            val known = if (done == 0) ids else continuing
            var end = minOf(word.length, done + longest)
            var id = known[word.substring(done, end)]
            while (id == null && end > done + 1) id = known[word.substring(done, --end)]
            if (id == null) return unknown(word.length)
            found.add(id)
            found.add(end)
            done = end
        }
        return found
    }

    /** [UNK] for all of a word. */
    fun unknown(length: Int): Ints = Ints(2).apply {
        add(unknown)
        add(length)
    }
}
