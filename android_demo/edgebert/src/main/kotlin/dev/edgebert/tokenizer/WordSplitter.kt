package dev.edgebert.tokenizer

/** What stands for a separator, or for a space put around a character. */
internal const val SPACE = 0x20
private const val CAPITAL_SIGMA = 0x3A3
private const val SMALL_SIGMA = 0x3C3
private const val FINAL_SIGMA = 0x3C2

private val CHINESE = arrayOf(
    0x3400..0x4DBF,
    0x4E00..0x9FFF,
    0xF900..0xFAFF,
    0x20000..0x2A6DF,
    0x2A700..0x2B73F,
    0x2B740..0x2B81F,
    0x2B820..0x2CEAF,
    0x2F800..0x2FA1F,
)

/**
 * From a token (a stretch of text without separators), or a whole text, to normalised words.
 *
 * The steps are those of BERT's basic tokenizer, in its order: drop controls, set Chinese characters apart,
 * lower-case the whole token (a final sigma depends on its neighbours), decompose (NFD), strip accents, set
 * punctuation apart.
 */
internal class WordSplitter(options: TokenizerOptions) {
    private val lowerCase = options.lowerCase
    private val stripAccents = options.stripAccents ?: options.lowerCase
    private val chineseChars = options.chineseChars
    private val unicode get() = UnicodeTable.instance

    /** The words of [token]; none if BERT drops all of it. */
    fun split(token: String): List<Traced> {
        if (token.all { it in '!'..'~' }) return splitAscii(token)
        val chars = normalize(token)
        return gather(chars, 0, chars.size)
    }

    /** The normalised characters of a token or a whole text: each separator a space, punctuation where it was. */
    fun normalize(text: String): Traced {
        var chars = clean(text)
        if (lowerCase) chars = lower(chars)
        if (stripAccents) chars = withoutAccents(decompose(chars))
        return chars
    }

    /** The words of the normalised characters `[first, last)`. */
    fun gather(chars: Traced, first: Int, last: Int): List<Traced> {
        val words = Words()
        for (at in first until last) {
            val char = chars.char(at)
            when {
                char == SPACE -> words.end()
                unicode.isPunctuation(char) -> words.addAlone(char, chars.start(at), chars.end(at))
                else -> words.add(char, chars.start(at), chars.end(at))
            }
        }
        return words.all()
    }

    /** The same for visible ASCII, which asks for no table. */
    private fun splitAscii(token: String): List<Traced> {
        val words = Words()
        token.forEachIndexed { at, char ->
            val shown = if (lowerCase && char in 'A'..'Z') char + ('a' - 'A') else char
            if (shown in 'a'..'z' || shown in 'A'..'Z' || shown in '0'..'9') {
                words.add(shown.code, at, at + 1)
            } else {
                words.addAlone(shown.code, at, at + 1)
            }
        }
        return words.all()
    }

    private fun clean(token: String): Traced {
        val found = Traced(token.length)
        var accentsEnd = 0 // of those that have begun: each is looked at once, however many stand in a row
        var start = 0
        while (start < token.length) {
            val char = token.codePointAt(start)
            val next = start + Character.charCount(char)
            if (stripAccents && accentsEnd <= next) accentsEnd = endWithAccents(token, next)
            if (!unicode.isDropped(char)) {
                val apart = chineseChars && CHINESE.any { char in it }
                val end = if (stripAccents) accentsEnd else next
                if (apart) found.add(SPACE, start, end)
                found.add(if (next == start + 1 && isSeparator(token[start])) SPACE else char, start, end)
                if (apart) found.add(SPACE, start, end)
            }
            start = next
        }
        return found
    }

    /** An accent that is stripped belongs to the character before it: the "e" of "e" + U+0301 comes from both. */
    private fun endWithAccents(token: String, after: Int): Int {
        var end = after
        while (end < token.length) {
            val char = token.codePointAt(end)
            if (!unicode.isAccent(char)) break
            end += Character.charCount(char)
        }
        return end
    }

    private fun lower(chars: Traced): Traced {
        val found = Traced(chars.size)
        for (at in 0 until chars.size) {
            val char = chars.char(at)
            if (char == CAPITAL_SIGMA) {
                found.addFrom(chars, at, if (isFinal(chars, at)) FINAL_SIGMA else SMALL_SIGMA)
            } else {
                unicode.lower(char)?.forEach { found.addFrom(chars, at, it) } ?: found.addFrom(chars, at)
            }
        }
        return found
    }

    /** Whether a sigma ends a word: section 3.13 of the Unicode Standard, Final_Sigma. */
    private fun isFinal(chars: Traced, at: Int): Boolean {
        var before = at - 1
        while (before >= 0 && unicode.isCaseIgnorable(chars.char(before))) before--
        if (before < 0 || !unicode.isCased(chars.char(before))) return false
        var after = at + 1
        while (after < chars.size && unicode.isCaseIgnorable(chars.char(after))) after++
        return after == chars.size || !unicode.isCased(chars.char(after))
    }

    /** NFD: decomposes each character, then orders the marks behind each base by class. */
    private fun decompose(chars: Traced): Traced {
        val found = Traced(chars.size)
        var marks = 0
        for (at in 0 until chars.size) {
            val char = chars.char(at)
            for (part in unicode.decompose(char) ?: intArrayOf(char)) {
                if (unicode.combiningClass(part) == 0) {
                    found.sortFrom(marks, unicode::combiningClass)
                    marks = found.size + 1
                }
                found.addFrom(chars, at, part)
            }
        }
        found.sortFrom(marks, unicode::combiningClass)
        return found
    }

    private fun withoutAccents(chars: Traced): Traced {
        val found = Traced(chars.size)
        for (at in 0 until chars.size) if (!unicode.isAccent(chars.char(at))) found.addFrom(chars, at)
        return found
    }
}

/** Words that grow by a character at a time. */
private class Words {
    private val done = ArrayList<Traced>()
    private var open = Traced()

    fun add(char: Int, start: Int, end: Int) = open.add(char, start, end)

    /** A character that is a word of its own. */
    fun addAlone(char: Int, start: Int, end: Int) {
        end()
        add(char, start, end)
        end()
    }

    fun end() {
        if (open.size == 0) return
        done.add(open)
        open = Traced()
    }

    fun all(): List<Traced> {
        end()
        return done
    }
}
