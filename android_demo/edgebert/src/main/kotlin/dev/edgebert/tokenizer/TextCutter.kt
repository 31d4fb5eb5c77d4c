package dev.edgebert.tokenizer

import java.util.concurrent.ConcurrentHashMap

/** Some tokens in a row: their ids, and where each stands, `[start, end)` from where the first may begin. */
internal class Tokens(val ids: IntArray, val starts: IntArray, val ends: IntArray)

/**
 * Cuts a text into tokens: added tokens first, then words, then their pieces.
 *
 * What stands between separators is looked up where it was met before. Threads may share one.
 */
internal class TextCutter(private val pieces: WordPieces, options: TokenizerOptions) {
    private val words = WordSplitter(options)
    private val known = ConcurrentHashMap<String, Tokens>()
    private val given = options.addedTokens.filterNot { it.normalized }
    private val asGiven = AddedTokens(given)
    private val asGivenOrMasks by lazy { AddedTokens(listOf(AddedToken(MASK, pieces.idOf(MASK))) + given) }
    private val normalized = options.addedTokens.filter { it.normalized }.takeIf { it.isNotEmpty() }
        ?.let { tokens -> AddedTokens(tokens) { words.normalize(it).text() } }

    /** All tokens of a text, in runs, each with where it begins. */
    inline fun each(text: String, maskTokens: Boolean, take: (Tokens, Int) -> Unit) {
        var done = 0
        for (place in (if (maskTokens) asGivenOrMasks else asGiven).find(text)) {
            if (done < place.start) eachBetween(text, done, place.start, take)
            take(single(place.id, place.end - place.start), place.start)
            done = place.end
        }
        eachBetween(text, done, text.length, take)
    }

    /** The tokens of a stretch in which no token stands that is looked for in the text as it was given. */
    inline fun eachBetween(text: String, start: Int, end: Int, take: (Tokens, Int) -> Unit) {
        val found = normalized?.let { cutNormalized(it, text, start, end) }
        if (found != null) take(found, start) else eachStretch(text, start, end) { from, to -> take(lookUp(text.substring(from, to)), from) }
    }

    /** The tokens of a stretch in whose normalised text added tokens stand; null where none does. */
    private fun cutNormalized(added: AddedTokens, text: String, start: Int, end: Int): Tokens? {
        val chars = words.normalize(text.substring(start, end))
        val normal = chars.text()
        val places = added.find(normal)
        if (places.isEmpty()) return null
        eachStretch(text, start, end) { _, _ -> } // refuses lone surrogates
        // Places are indices of a string, characters are code points.
        val at = codePointIndices(normal)
        val found = TokensBuilder()
        var done = 0
        for (place in places) {
            if (done < place.start) addWords(words.gather(chars, at[done], at[place.start]), found)
            found.add(place.id, chars, at[place.start], at[place.end])
            done = place.end
        }
        addWords(words.gather(chars, at[done], chars.size), found)
        return found.build()
    }

    fun lookUp(stretch: String): Tokens = known[stretch] ?: compute(stretch).also {
        if (stretch.length <= LONGEST_KEPT) {
            if (known.size >= TOKENS_KEPT) known.clear()
            known[stretch] = it
        }
    }

    private fun compute(stretch: String): Tokens = TokensBuilder().also { addWords(words.split(stretch), it) }.build()

    private fun addWords(words: List<Traced>, target: TokensBuilder) {
        for (word in words) {
            var first = 0
            eachPiece(word) { id, end ->
                target.add(id, word, first, end)
                first = end
            }
        }
    }

    /** The pieces of a word, each with where it ends among the word's characters. */
    private inline fun eachPiece(word: Traced, take: (id: Int, end: Int) -> Unit) {
        val text = word.text()
        val found = if (word.size > LONGEST_WORD) pieces.unknown(text.length) else pieces.split(text)
        for (at in 0 until found.size step 2) take(found[at], text.codePointCount(0, found[at + 1]))
    }

    companion object {
        const val TOKENS_KEPT = 16_384
        const val LONGEST_KEPT = 32

        fun single(id: Int, length: Int) = Tokens(intArrayOf(id), intArrayOf(0), intArrayOf(length))

        /** For each index of a string, and its end, the number of code points before it. */
        fun codePointIndices(text: String): IntArray {
            val found = IntArray(text.length + 1)
            for (at in text.indices) found[at + 1] = found[at] + if (text[at].isLowSurrogate()) 0 else 1
            return found
        }
    }
}

/** Tokens that are found one after the other. */
internal class TokensBuilder {
    private val ids = Ints()
    private val starts = Ints()
    private val ends = Ints()

    /** A token that is made of the characters `[first, last)`. */
    fun add(id: Int, chars: Traced, first: Int, last: Int) {
        ids.add(id)
        starts.add((first until last).minOf(chars::start))
        ends.add((first until last).maxOf(chars::end))
    }

    fun build() = Tokens(ids.toArray(), starts.toArray(), ends.toArray())
}
