package dev.edgebert.tokenizer

import dev.edgebert.EdgebertException
import dev.edgebert.Reason

/** Where an added token stands in a text, `[start, end)`, the white space that it takes included. */
internal class Place(val start: Int, val end: Int, val id: Int)

/**
 * Finds added tokens in texts: from the left, of several that begin at one place the longest, as Hugging Face's
 * tokenizers do (AddedVocabulary of the crate `tokenizers`).
 *
 * @param tokens the first of two with the same content counts.
 * @param spell the content as it stands in the texts that are searched.
 * @throws EdgebertException a content is empty there.
 */
internal class AddedTokens(tokens: List<AddedToken>, spell: (String) -> String = { it }) {
    private class Pattern(val text: String, val token: AddedToken)

    private val byFirst: Map<Char, List<Pattern>> = tokens
        .map { Pattern(spell(it.content), it) }
        .onEach { if (it.text.isEmpty()) throw EdgebertException(Reason.Damaged, "added token '${it.token.content}': no character of it is left in a text") }
        .groupBy { it.text[0] }
        .mapValues { (_, patterns) -> patterns.sortedByDescending { it.text.length } }

    private val unicode get() = UnicodeTable.instance

    fun find(text: String): List<Place> {
        if (byFirst.isEmpty()) return emptyList()
        val found = ArrayList<Place>()
        var at = 0
        while (at < text.length) {
            val pattern = byFirst[text[at]]?.firstOrNull { text.startsWith(it.text, at) }
            if (pattern == null) {
                at++
                continue
            }
            val end = at + pattern.text.length
            // One that stands inside a word is passed over whole: no shorter one is looked for in it.
            if (!pattern.token.singleWord || isApart(text, at, end)) {
                found.add(place(text, at, end, pattern.token, after = found.lastOrNull()?.end ?: 0))
            }
            at = end
        }
        return found
    }

    private fun place(text: String, start: Int, end: Int, token: AddedToken, after: Int): Place {
        var first = start
        var last = end
        if (token.lstrip) while (first > after && isWhiteSpace(text[first - 1])) first--
        if (token.rstrip) while (last < text.length && isWhiteSpace(text[last])) last++
        return Place(first, last, token.id)
    }

    private fun isApart(text: String, start: Int, end: Int) =
        (start == 0 || !unicode.isWord(text.codePointBefore(start))) &&
            (end == text.length || !unicode.isWord(text.codePointAt(end)))
}
