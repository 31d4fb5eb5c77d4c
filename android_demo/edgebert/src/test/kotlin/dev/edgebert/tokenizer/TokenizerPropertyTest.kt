package dev.edgebert.tokenizer

import dev.edgebert.VOCABULARY
import org.junit.jupiter.api.Assertions.assertArrayEquals
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTimeoutPreemptively
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import java.text.Normalizer
import java.time.Duration
import java.util.Locale
import kotlin.random.Random

/** What must hold for any text, on many random ones; the seed is in the message of a failure. */
class TokenizerPropertyTest {
    private val tokenizer = Tokenizer(VOCABULARY)
    private val interesting = (
        "aAzZ09 .,[]#'-\t\n\r\u0000\u000b\u0085\u00a0\u00adﬁßẞİıſKÅÀÉñΣσς\u0301\u0308\u0323\u0344\u1abf\u200b\u200d" +
            "\u2028\u3000\ufeff\ufffd東京豈一カガ゛한글กำनैहिंעִبَ〮😀👩🏽🚀€“—…\ud834\udd65\ud834\udd6d"
        ).codePoints().toArray()

    @Test
    fun `a text of two parts has the tokens of both`() = forRandomTexts { random ->
        val first = text(random)
        val second = text(random)
        assertArrayEquals(
            tokenizer.ids(first) + tokenizer.ids(second),
            tokenizer.ids("$first $second"),
        )
    }

    @Test
    fun `every token has a place, in order and within the text`() = forRandomTexts { random ->
        val text = text(random)
        val offsets = tokenizer.offsets(text)
        assertEquals(tokenizer.ids(text).size, offsets.size)
        for (token in 0 until offsets.size) {
            assertTrue(offsets.start(token) in 0 until offsets.end(token))
            assertTrue(offsets.end(token) <= text.length)
            assertTrue(token == 0 || offsets.start(token) >= offsets.start(token - 1))
        }
    }

    @Test
    fun `a text met before has the same tokens`() = forRandomTexts { random ->
        val text = text(random)
        assertArrayEquals(Tokenizer(VOCABULARY).ids(text), tokenizer.ids(text))
        assertArrayEquals(tokenizer.ids(text), tokenizer.ids(text))
    }

    @Test
    fun `marks in a row take no longer than letters`() {
        for (marks in listOf("\u0301", "\u0301\u0323", "\u302e\ud834\udd65")) {
            val text = "e" + marks.repeat(200_000) + " e"
            val found = assertTimeoutPreemptively<IntArray>(Duration.ofSeconds(60)) { tokenizer.ids(text) }
            assertArrayEquals(tokenizer.ids("e" + marks.repeat(200) + " e"), found)
        }
    }

    /** Java's own Unicode agrees where it is of the same version; its rule for the final sigma is another. */
    @Test
    fun `words are those that Java's own Unicode gives`() = forRandomTexts { random ->
        val text = text(random).filterNot { it in "Σσς" }
        val expected = text.split(Regex("[ \t\n\r\u00a0\u2028\u3000]+")).flatMap(::plainWords)
        val splitter = WordSplitter(TokenizerOptions())
        val found = text.split(Regex("[ \t\n\r\u00a0\u2028\u3000]+")).flatMap { splitter.split(it) }.map(::spell)
        assertEquals(expected, found)
    }

    private fun plainWords(token: String): List<String> {
        val cleaned = spaced(token, { !isControl(it) }, { Character.isIdeographic(it) && it < 0x30000 })
        val lowered = Normalizer.normalize(cleaned.lowercase(Locale.ROOT), Normalizer.Form.NFD)
        val isMark = { code: Int -> Character.getType(code).toByte() == Character.NON_SPACING_MARK }
        return spaced(lowered, { !isMark(it) }, ::isPunctuation).split(' ').filter { it.isNotEmpty() }
    }

    private fun spaced(text: String, keep: (Int) -> Boolean, apart: (Int) -> Boolean) =
        text.codePoints().toArray().filter(keep).joinToString("") {
            val char = String(Character.toChars(it))
            if (apart(it)) " $char " else char
        }

    private fun isControl(code: Int) =
        code == 0xFFFD || Character.getType(code).toByte() in setOf(Character.CONTROL, Character.FORMAT)

    private fun isPunctuation(code: Int): Boolean {
        val isLetter = Character.isLetterOrDigit(code) || code == ' '.code
        return (code < 128 && !isLetter) || String(Character.toChars(code)).matches(Regex("\\p{P}"))
    }

    private fun spell(word: Traced): String =
        StringBuilder().apply { for (at in 0 until word.size) appendCodePoint(word.char(at)) }.toString()

    private fun text(random: Random): String {
        val text = StringBuilder()
        repeat(random.nextInt(30)) { text.appendCodePoint(interesting[random.nextInt(interesting.size)]) }
        return text.toString()
    }

    private fun forRandomTexts(check: (Random) -> Unit) = repeat(2000) { seed ->
        try {
            check(Random(seed))
        } catch (error: AssertionError) {
            throw AssertionError("seed $seed: ${error.message}", error)
        }
    }
}
