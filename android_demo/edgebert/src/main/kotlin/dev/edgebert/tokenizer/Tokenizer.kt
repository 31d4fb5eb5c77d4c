package dev.edgebert.tokenizer

import dev.edgebert.EdgebertException
import dev.edgebert.Truncate
import java.util.concurrent.ConcurrentHashMap

/** What stands in a text for the mask token, where that is asked for. */
const val MASK: String = "[MASK]"

/**
 * One input of the model.
 *
 * @property ids [CLS] text [SEP], or [CLS] text [SEP] pair [SEP].
 * @property segmentIds 0 up to the first [SEP], 1 after it.
 * @property truncated something was cut off to fit the length.
 */
class Encoding(val ids: IntArray, val segmentIds: IntArray, val truncated: Boolean)

/**
 * Where each token of a text stands in it, `[start, end)` as indices of the Kotlin string.
 *
 * [CLS] and [SEP] stand at `[0, 0)`. Stripped accents belong to the character before them. Pieces made from one
 * character (parts of a hangul syllable) have the same place.
 */
class Offsets internal constructor(private val starts: IntArray, private val ends: IntArray) {
    val size: Int get() = starts.size

    fun start(token: Int): Int = starts[token]

    fun end(token: Int): Int = ends[token]
}

/**
 * WordPiece, exact to the original BERT, and to edgebert's tokenizer in Python on every code point.
 *
 * Special tokens typed in a text are plain text: "[SEP]" in a text gives the pieces of a bracket, "sep" and a
 * bracket, so that no text can pass for two. Only [MASK] can be asked for. Threads may share one tokenizer.
 *
 * @param vocabulary word pieces; the index is the id. [PAD], [UNK], [CLS] and [SEP] must be there.
 * @property options lower-casing and the like; its maxLength is the default of `maxLength` below and the most
 *   it can be.
 * @throws EdgebertException a special token is missing, or a piece is there twice.
 */
class Tokenizer(private val vocabulary: List<String>, val options: TokenizerOptions = TokenizerOptions()) {
    /** A stretch of text without separators: its pieces, and where they stand in it. */
    private class Token(val ids: IntArray, val starts: IntArray, val ends: IntArray)

    private val pieces = WordPieces(vocabulary)
    private val words = WordSplitter(options)
    private val cls = pieces.idOf("[CLS]")
    private val sep = pieces.idOf("[SEP]")
    private val known = ConcurrentHashMap<String, Token>()

    /** The id of [PAD]. */
    val padId: Int = pieces.idOf("[PAD]")

    /** The id of [MASK]; throws where the vocabulary has none. */
    val maskId: Int get() = pieces.idOf(MASK)

    /** The word piece with an id; one that continues a word begins with ##. */
    fun piece(id: Int): String = vocabulary[id]

    /**
     * Ids of a text, or of a text and its pair.
     *
     * @param maxLength most tokens, special ones included. A single text loses its end.
     * @param maskTokens "[MASK]" in the text stands for the mask token, as fill-mask needs.
     * @param truncate which text of a pair loses its last token until both fit: the longer one (the second at a
     *   tie), the first or the second. Where a text that is to stay whole does not fit alone, it loses its end
     *   too and of the other nothing is left.
     * @throws EdgebertException a lone surrogate, or a `maxLength` out of range.
     */
    fun encode(
        text: String,
        pair: String? = null,
        maxLength: Int = options.maxLength,
        maskTokens: Boolean = false,
        truncate: Truncate = Truncate.LONGEST,
    ): Encoding {
        val room = room(maxLength, pair != null)
        val first = ids(text, maskTokens)
        if (pair == null) return join(first.copyOf(minOf(first.size, room)), truncated = first.size > room)
        val second = ids(pair, maskTokens)
        val kept = firstShare(first.size, second.size, room, truncate)
        val keptSecond = minOf(second.size, room - kept)
        return join(first.copyOf(kept), second.copyOf(keptSecond), first.size + second.size > room)
    }

    /**
     * [encode], and for each token where it stands: in `text` where the segment id is 0, in `pair` where it is 1.
     */
    fun encodeWithOffsets(
        text: String,
        pair: String? = null,
        maxLength: Int = options.maxLength,
        maskTokens: Boolean = false,
        truncate: Truncate = Truncate.LONGEST,
    ): Pair<Encoding, Offsets> {
        val encoding = encode(text, pair, maxLength, maskTokens, truncate)
        val second = encoding.segmentIds.sum()
        val places = listOf(offsets(text, maskTokens), offsets(pair.orEmpty(), maskTokens))
        val kept = listOf(encoding.ids.size - second - 2, maxOf(0, second - 1))
        val starts = Ints()
        val ends = Ints()
        fun nowhere() {
            starts.add(0)
            ends.add(0)
        }
        nowhere()
        for (part in if (pair == null) 0..0 else 0..1) {
            for (token in 0 until kept[part]) {
                starts.add(places[part].start(token))
                ends.add(places[part].end(token))
            }
            nowhere()
        }
        return encoding to Offsets(starts.toArray(), ends.toArray())
    }

    /** The word pieces of a text of any length, without special tokens. */
    fun ids(text: String, maskTokens: Boolean = false): IntArray {
        val found = Ints(text.length / 4 + 8)
        eachToken(text, maskTokens) { token, _ ->
            if (token == null) found.add(maskId) else found.addAll(token.ids)
        }
        return found.toArray()
    }

    /** Where each of [ids] stands in the text. */
    fun offsets(text: String, maskTokens: Boolean = false): Offsets {
        val starts = Ints()
        val ends = Ints()
        eachToken(text, maskTokens) { token, base ->
            if (token == null) {
                starts.add(base)
                ends.add(base + MASK.length)
            } else {
                token.starts.forEach { starts.add(base + it) }
                token.ends.forEach { ends.add(base + it) }
            }
        }
        return Offsets(starts.toArray(), ends.toArray())
    }

    /** Puts the special tokens around the ids of a text, or of a text and its pair. */
    fun join(first: IntArray, second: IntArray? = null, truncated: Boolean = false): Encoding {
        val ids = intArrayOf(cls, *first, sep)
        if (second == null) return Encoding(ids, IntArray(ids.size), truncated)
        val both = intArrayOf(*ids, *second, sep)
        return Encoding(both, IntArray(both.size) { if (it < ids.size) 0 else 1 }, truncated)
    }

    /** Tokens in turn with where they begin; null for a mask. */
    private inline fun eachToken(text: String, maskTokens: Boolean, take: (Token?, Int) -> Unit) {
        var start = 0
        var at = 0
        while (at <= text.length) {
            val isMask = maskTokens && text.startsWith(MASK, at)
            if (isMask || at == text.length || isSeparator(text[at])) {
                if (at > start) take(token(text.substring(start, at)), start)
                if (isMask) take(null, at)
                start = at + if (isMask) MASK.length else 1
                at = start
            } else {
                at += charactersAt(text, at)
            }
        }
    }

    private fun token(text: String): Token = known[text] ?: compute(text).also {
        if (text.length <= LONGEST_KEPT) {
            if (known.size >= TOKENS_KEPT) known.clear()
            known[text] = it
        }
    }

    private fun compute(token: String): Token {
        val ids = Ints()
        val starts = Ints()
        val ends = Ints()
        for (word in words.split(token)) {
            var first = 0
            eachPiece(word) { id, end ->
                ids.add(id)
                starts.add((first until end).minOf(word::start))
                ends.add((first until end).maxOf(word::end))
                first = end
            }
        }
        return Token(ids.toArray(), starts.toArray(), ends.toArray())
    }

    /** The pieces of a word, each with where it ends among the word's characters. */
    private inline fun eachPiece(word: Traced, take: (id: Int, end: Int) -> Unit) {
        val text = StringBuilder(word.size)
        for (at in 0 until word.size) text.appendCodePoint(word.char(at))
        val found = if (word.size > LONGEST_WORD) pieces.unknown(text.length) else pieces.split(text.toString())
        for (at in 0 until found.size step 2) take(found[at], text.codePointCount(0, found[at + 1]))
    }

    /** How many tokens fit beside the special ones. */
    private fun room(maxLength: Int, isPair: Boolean): Int {
        val special = if (isPair) 3 else 2
        val least = if (isPair) 5 else 3
        if (maxLength !in least..options.maxLength) {
            throw EdgebertException(
                "maxLength is $maxLength; for ${if (isPair) "a pair" else "a text"} " +
                    "a whole number from $least to ${options.maxLength} is needed",
            )
        }
        return maxLength - special
    }

    private companion object {
        const val TOKENS_KEPT = 16_384
        const val LONGEST_KEPT = 32

        /** How many tokens of the first of two texts stay. */
        fun firstShare(first: Int, second: Int, room: Int, truncate: Truncate): Int {
            val least = when (truncate) {
                Truncate.LONGEST -> (room + 1) / 2
                Truncate.FIRST -> 0
                Truncate.SECOND -> room
            }
            return minOf(first, maxOf(room - second, least))
        }

        /**
         * What separates tokens: tab, line feed, carriage return and category Zs, which BERT turns into spaces, and
         * the line and paragraph separators.
         */
        fun isSeparator(char: Char): Boolean = when (char) {
            ' ', '\t', '\n', '\r', '\u00a0', '\u1680', '\u2028', '\u2029', '\u202f', '\u205f', '\u3000' -> true
            else -> char in '\u2000'..'\u200a'
        }

        /** 2 for a pair of surrogates, else 1. */
        fun charactersAt(text: String, at: Int): Int {
            val char = text[at]
            if (!char.isSurrogate()) return 1
            if (char.isHighSurrogate() && at + 1 < text.length && text[at + 1].isLowSurrogate()) return 2
            throw EdgebertException(
                "text: lone surrogate U+%04X at character %d; decode the text as UTF-8 or UTF-16 first"
                    .format(char.code, text.codePointCount(0, at)),
            )
        }
    }
}
