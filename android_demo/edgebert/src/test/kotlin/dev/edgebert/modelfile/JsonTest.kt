package dev.edgebert.modelfile

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Test
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.ValueSource

class JsonTest {
    @Test
    fun `every kind of value is read`() {
        val read = parseJson(
            """ {"a": [1, -2.5e1, true, false, null, NaN, -Infinity], "b\u00e9\n\"": {"x": "\ud83d\ude00"}, "c": [], "d": {}} """,
        )
        val expected = mapOf(
            "a" to listOf(1L, -25.0, true, false, null, Double.NaN, Double.NEGATIVE_INFINITY),
            "b\u00e9\n\"" to mapOf("x" to "😀"),
            "c" to emptyList<Any>(),
            "d" to emptyMap<String, Any>(),
        )
        assertEquals(expected, read)
    }

    @Test
    fun `numbers beyond a Long are doubles`() {
        assertEquals(listOf(Long.MAX_VALUE, 9.223372036854775808e18), parseJson("[9223372036854775807, 9223372036854775808]"))
    }

    @ParameterizedTest
    @ValueSource(
        strings = [
            "", " ", "{", "[1", "[1,]", "{\"a\"}", "{\"a\":}", "{a: 1}", "01", "1.", ".5", "+1", "1e", "tru", "nul", "'a'",
            "\"a", "\"\\x\"", "\"\\u12g4\"", "\"\\u12", "\"a\nb\"", "1 2", "[1]]", "\u0000",
        ],
    )
    fun `what is no JSON is refused`(text: String) {
        assertThrows(JsonException::class.java) { parseJson(text) }
    }

    @Test
    fun `depth is bounded`() {
        assertThrows(JsonException::class.java) { parseJson("[".repeat(1_000_000)) }
        parseJson("[".repeat(60) + "]".repeat(60))
    }
}
