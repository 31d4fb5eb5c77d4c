package dev.edgebert.tokenizer

import dev.edgebert.EdgebertException
import dev.edgebert.Reason
import dev.edgebert.Truncate

/** What stands in a text for the mask token, where that is asked for. */
const val MASK: String = "[MASK]"

/**
 * One input of the model.
 *
 * @property ids [CLS] text [SEP], or [CLS] text [SEP] pair [SEP]; or as the template of the options has it.
 * @property segmentIds 0 up to the first [SEP], 1 after it; or as the template has it.
 * @property truncated something was cut off to fit the length.
 * @property texts where among the tokens those of the text are, and those of its pair.
 */
class Encoding internal constructor(
    val ids: IntArray,
    val segmentIds: IntArray,
    val truncated: Boolean,
    val texts: List<IntRange>,
)

/**
 * Where each token of a text stands in it, `[start, end)` as indices of the Kotlin string.
 *
 * Special tokens stand at `[0, 0)`. Stripped accents belong to the character before them. Pieces made from one
 * character (parts of a hangul syllable) have the same place.
 */
class Offsets internal constructor(private val starts: IntArray, private val ends: IntArray) {
    /** Number of tokens. */
    val size: Int get() = starts.size

    /** Where a token begins, by its number from 0. */
    fun start(token: Int): Int = starts[token]

    /** Where it ends; the character there is not part of it. */
    fun end(token: Int): Int = ends[token]

    /** Those of the tokens from [first] on. */
    internal fun drop(first: Int) = Offsets(starts.copyOfRange(first, size), ends.copyOfRange(first, size))
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
 * @throws EdgebertException a special token is missing, a piece is there twice, or no text can hold an added token.
 */
class Tokenizer @JvmOverloads constructor(private val vocabulary: List<String>, val options: TokenizerOptions = TokenizerOptions()) {
    private val pieces = WordPieces(vocabulary, hiddenPieces(vocabulary, options.addedTokens))
    private val cutter = TextCutter(pieces, options)
    private val template = options.template ?: plain(cls = pieces.idOf("[CLS]"), sep = pieces.idOf("[SEP]"))

    /** The id of [PAD]. */
    val padId: Int = pieces.idOf("[PAD]")

    /** The id of [MASK]; throws where the vocabulary has none. */
    val maskId: Int get() = pieces.idOf(MASK)

    /** The word piece with an id; one that continues a word begins with ##. */
    fun piece(id: Int): String = vocabulary[id]

    /**
     * Ids of a text, or of a text and its pair.
     *
     * @param maxLength most tokens, special ones included. A single text loses its end, or its beginning where the
     *   options say so.
     * @param maskTokens "[MASK]" in the text stands for the mask token, as fill-mask needs.
     * @param truncate which text of a pair gives way: the first, the second, or the longer one until both are as
     *   long; the one that was longer (the second at a tie) then keeps a token more where the number is odd. Where a
     *   text that is to stay whole does not fit alone, it is cut too and of the other nothing is left.
     * @throws EdgebertException a lone surrogate, or a `maxLength` out of range.
     */
    @JvmOverloads
    @Throws(EdgebertException::class)
    fun encode(
        text: String,
        pair: String? = null,
        maxLength: Int = options.maxLength,
        maskTokens: Boolean = false,
        truncate: Truncate = Truncate.LONGEST,
    ): Encoding {
        val capacity = this.capacity(pair != null, maxLength)
        val first = ids(text, maskTokens)
        if (pair == null) return join(cut(first, capacity), truncated = first.size > capacity)
        val second = ids(pair, maskTokens)
        val kept = firstShare(first.size, second.size, capacity, truncate)
        return join(cut(first, kept), cut(second, capacity - kept), first.size + second.size > capacity)
    }

    /** [encode], and for each token where it stands in its text, which [Encoding.texts] tells. */
    @JvmOverloads
    @Throws(EdgebertException::class)
    fun encodeWithOffsets(
        text: String,
        pair: String? = null,
        maxLength: Int = options.maxLength,
        maskTokens: Boolean = false,
        truncate: Truncate = Truncate.LONGEST,
    ): Pair<Encoding, Offsets> {
        val encoding = encode(text, pair, maxLength, maskTokens, truncate)
        val starts = IntArray(encoding.ids.size)
        val ends = IntArray(encoding.ids.size)
        listOfNotNull(text, pair).zip(encoding.texts) { each, tokens ->
            val all = offsets(each, maskTokens)
            val cutOff = if (options.truncationSide == TruncationSide.LEFT) all.size - tokens.count() else 0
            tokens.forEachIndexed { at, token ->
                starts[token] = all.start(cutOff + at)
                ends[token] = all.end(cutOff + at)
            }
        }
        return encoding to Offsets(starts, ends)
    }

    /** The word pieces of a text of any length, without special tokens. */
    @JvmOverloads
    @Throws(EdgebertException::class)
    fun ids(text: String, maskTokens: Boolean = false): IntArray {
        val found = Ints(text.length / 4 + 8)
        cutter.each(text, maskTokens) { tokens, _ -> found.addAll(tokens.ids) }
        return found.toArray()
    }

    /** Where each of [ids] stands in the text. */
    @JvmOverloads
    @Throws(EdgebertException::class)
    fun offsets(text: String, maskTokens: Boolean = false): Offsets {
        val starts = Ints()
        val ends = Ints()
        cutter.each(text, maskTokens) { tokens, base ->
            tokens.starts.forEach { starts.add(base + it) }
            tokens.ends.forEach { ends.add(base + it) }
        }
        return Offsets(starts.toArray(), ends.toArray())
    }

    /** Puts the special tokens around the ids of a text, or of a text and its pair. */
    @JvmOverloads
    @Throws(EdgebertException::class)
    fun join(first: IntArray, second: IntArray? = null, truncated: Boolean = false): Encoding {
        val left = listOfNotNull(first, second).iterator()
        val ids = Ints()
        val segments = Ints()
        val texts = ArrayList<IntRange>()
        for (part in if (second == null) template.single else template.pair) {
            val start = ids.size
            if (part.token != null) ids.add(part.token) else ids.addAll(left.next())
            repeat(ids.size - start) { segments.add(part.segment) }
            if (part.token == null) texts.add(start until ids.size)
        }
        if (ids.size == 0) throw EdgebertException(Reason.WrongArgument("text"), "the text has no token, and no special token is put around it")
        return Encoding(ids.toArray(), segments.toArray(), truncated, texts)
    }

    /** What is left of a text that is too long. */
    internal fun cut(ids: IntArray, capacity: Int): IntArray = when {
        ids.size <= capacity -> ids
        options.truncationSide == TruncationSide.LEFT -> ids.copyOfRange(ids.size - capacity, ids.size)
        else -> ids.copyOf(capacity)
    }

    internal fun cut(offsets: Offsets, capacity: Int): Offsets =
        if (options.truncationSide == TruncationSide.LEFT) offsets.drop(offsets.size - capacity) else offsets

    /**
     * How many tokens of a text, or of a text and its pair, fit beside the special ones.
     *
     * @throws EdgebertException a `maxLength` out of range.
     */
    @JvmOverloads
    @Throws(EdgebertException::class)
    fun capacity(isPair: Boolean, maxLength: Int = options.maxLength): Int {
        val special = (if (isPair) template.pair else template.single).count { it.token != null }
        val least = special + if (isPair) 2 else 1
        if (maxLength !in least..options.maxLength) {
            throw EdgebertException(
                Reason.WrongArgument("maxLength"),
                "maxLength is $maxLength; for ${if (isPair) "a pair" else "a text"} " +
                    "a whole number from $least to ${options.maxLength} is needed",
            )
        }
        return maxLength - special
    }

    init {
        check(template.single, texts = 1)
        check(template.pair, texts = 2)
    }

    private fun check(parts: List<TemplatePart>, texts: Int) {
        val found = parts.count { it.token == null }
        if (found != texts) throw EdgebertException(Reason.Damaged, "template: $found places for $texts of text; needed: as many")
        if (parts.any { it.token != null && it.token !in vocabulary.indices }) {
            throw EdgebertException(Reason.Damaged, "template: a special token is no id from 0 to ${vocabulary.size - 1}")
        }
        if (parts.any { it.segment !in 0..1 }) throw EdgebertException(Reason.Damaged, "template: a segment is neither 0 nor 1")
    }

    private companion object {
        /** Ids of what is found in a text as an added token alone, though the vocabulary has it. */
        fun hiddenPieces(vocabulary: List<String>, tokens: List<AddedToken>): Set<Int> {
            tokens.find { it.id !in vocabulary.indices }?.let {
                throw EdgebertException(
                    Reason.Damaged,
                    "added token '${it.content}' has the id ${it.id}; ids go from 0 to ${vocabulary.size - 1}",
                )
            }
            return tokens.filterNot { it.wordPiece }.map { it.id }.toSet()
        }

        fun plain(cls: Int, sep: Int): Template {
            val single = listOf(TemplatePart(cls), TemplatePart(null), TemplatePart(sep))
            return Template(single, single + TemplatePart(null, segment = 1) + TemplatePart(sep, segment = 1))
        }

        /** How many tokens of the first of two texts stay. */
        fun firstShare(first: Int, second: Int, capacity: Int, truncate: Truncate): Int {
            val least = when (truncate) {
                Truncate.LONGEST -> (capacity + if (first > second) 1 else 0) / 2
                Truncate.FIRST -> 0
                Truncate.SECOND -> capacity
            }
            return minOf(first, maxOf(capacity - second, least))
        }
    }
}
