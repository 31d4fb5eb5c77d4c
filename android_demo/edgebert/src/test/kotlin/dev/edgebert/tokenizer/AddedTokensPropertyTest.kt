package dev.edgebert.tokenizer

import dev.edgebert.VOCABULARY
import org.junit.jupiter.api.Assertions.assertArrayEquals
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import kotlin.random.Random

/** What must hold for added tokens in any text, on many random ones. */
class AddedTokensPropertyTest {
    private val plain = Tokenizer(VOCABULARY)
    private val parts = listOf(
        "[E1]", "[e1]", "<a", "<a>", "a><", "card", "größe", "東京", " ", "  ", "\t", "\u3000", "\u0301", "a", "É", "ß", "_",
        "1", ".", "中", "Σ", "\u00ad", "😀", "\u0085", "[MASK]", "[SEP]",
    )

    @Test
    fun `without flags a text is the tokens and what stands between`() = forRandomTexts { _, text ->
        val tokenizer = tokenizer(AddedToken("[E1]", 5), AddedToken("東", 6))
        val expected = text.split(Regex("(?<=\\[E1]|東)|(?=\\[E1]|東)")).flatMap {
            if (it == "[E1]") listOf(5) else if (it == "東") listOf(6) else plain.ids(it).asList()
        }
        assertEquals(expected, tokenizer.ids(text).asList())
    }

    @Test
    fun `tokens that no text has change nothing`() = forRandomTexts { _, text ->
        val tokenizer = tokenizer(AddedToken("[E9]", 5, normalized = true), AddedToken("\uE000", 6, lstrip = true))
        assertArrayEquals(plain.ids(text), tokenizer.ids(text))
        val (found, expected) = tokenizer.offsets(text) to plain.offsets(text)
        for (token in 0 until expected.size) {
            assertEquals(expected.start(token) to expected.end(token), found.start(token) to found.end(token))
        }
    }

    @Test
    fun `every token has a place, in order and within the text, whatever the flags`() = forRandomTexts { random, text ->
        val tokenizer = Tokenizer(VOCABULARY, options(random))
        val offsets = tokenizer.offsets(text)
        assertEquals(tokenizer.ids(text).size, offsets.size)
        for (token in 0 until offsets.size) {
            assertTrue(offsets.start(token) in 0 until offsets.end(token))
            assertTrue(offsets.end(token) <= text.length)
            assertTrue(token == 0 || offsets.start(token) >= offsets.start(token - 1))
        }
    }

    @Test
    fun `cut from the left the end stays, from the right the beginning`() = forRandomTexts { random, text ->
        val all = plain.ids(text)
        val length = random.nextInt(3, 12)
        for (side in TruncationSide.entries) {
            val encoding = Tokenizer(VOCABULARY, TokenizerOptions(truncationSide = side)).encode(text, maxLength = length)
            val kept = minOf(length - 2, all.size)
            val expected = if (side == TruncationSide.LEFT) all.takeLast(kept) else all.take(kept)
            assertEquals(expected, encoding.ids.slice(1 until encoding.ids.size - 1))
            assertEquals(all.size > kept, encoding.truncated)
        }
    }

    private fun tokenizer(vararg tokens: AddedToken) = Tokenizer(VOCABULARY, TokenizerOptions(addedTokens = tokens.asList()))

    private fun options(random: Random) = TokenizerOptions(
        lowerCase = random.nextBoolean(),
        addedTokens = parts.take(8).shuffled(random).take(random.nextInt(1, 6)).mapIndexed { at, content ->
            AddedToken(
                content, 5 + at, random.nextBoolean(), random.nextBoolean(), random.nextBoolean(), random.nextBoolean(),
            )
        },
    )

    private fun forRandomTexts(check: (Random, String) -> Unit) = repeat(2000) { seed ->
        val random = Random(seed)
        val text = List(random.nextInt(12)) { parts.random(random) }.joinToString("")
        try {
            check(random, text)
        } catch (error: AssertionError) {
            throw AssertionError("seed $seed, '$text': ${error.message}", error)
        }
    }
}
