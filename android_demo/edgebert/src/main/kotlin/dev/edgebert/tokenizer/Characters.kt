package dev.edgebert.tokenizer

import dev.edgebert.EdgebertException
import dev.edgebert.Reason

/**
 * What separates tokens: tab, line feed, carriage return and category Zs, which BERT turns into spaces, and the line
 * and paragraph separators.
 */
internal fun isSeparator(char: Char): Boolean = when (char) {
    ' ', '\t', '\n', '\r', '\u00a0', '\u1680', '\u2028', '\u2029', '\u202f', '\u205f', '\u3000' -> true
    else -> char in '\u2000'..'\u200a'
}

/** Unicode's property White_Space. */
internal fun isWhiteSpace(char: Char): Boolean = isSeparator(char) || char == '\u000b' || char == '\u000c' || char == '\u0085'

/**
 * 2 for a pair of surrogates, else 1.
 *
 * @throws EdgebertException a lone surrogate.
 */
internal fun charactersAt(text: String, at: Int): Int {
    val char = text[at]
    if (!char.isSurrogate()) return 1
    if (char.isHighSurrogate() && at + 1 < text.length && text[at + 1].isLowSurrogate()) return 2
    throw EdgebertException(
        Reason.LoneSurrogate(at),
        "text: lone surrogate U+%04X at character %d; decode the text as UTF-8 or UTF-16 first"
            .format(char.code, text.codePointCount(0, at)),
    )
}

/** The stretches of a text without separators, `[start, end)`. */
internal inline fun eachStretch(text: String, first: Int, last: Int, take: (start: Int, end: Int) -> Unit) {
    var start = first
    var at = first
    while (at <= last) {
        if (at == last || isSeparator(text[at])) {
            if (at > start) take(start, at)
            start = ++at
        } else {
            at += charactersAt(text, at)
        }
    }
}
