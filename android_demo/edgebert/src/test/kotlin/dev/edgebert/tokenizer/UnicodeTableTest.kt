package dev.edgebert.tokenizer

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assumptions.assumeTrue
import org.junit.jupiter.api.BeforeEach
import org.junit.jupiter.api.Test
import java.text.Normalizer
import java.util.Locale

/** The table against Java's own Unicode, on every code point: Java 16 to 18 have Unicode 13 too. */
class UnicodeTableTest {
    private val table = UnicodeTable.instance
    private val codes = (0..0x10FFFF).filterNot { it in 0xD800..0xDFFF }

    // Marks in Unicode 13 that have ceased to be accents since: without properties everywhere.
    private val changed = setOf(0x1734, 0x1171E)

    @BeforeEach
    fun `this Java has Unicode 13`() {
        val version = System.getProperty("java.specification.version")
        assumeTrue(version in setOf("16", "17", "18"), "Java $version has another Unicode than 13")
    }

    @Test
    fun `categories are those of Unicode 13`() {
        val ascii = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
        val punctuation = setOf(
            Character.CONNECTOR_PUNCTUATION,
            Character.DASH_PUNCTUATION,
            Character.START_PUNCTUATION,
            Character.END_PUNCTUATION,
            Character.INITIAL_QUOTE_PUNCTUATION,
            Character.FINAL_QUOTE_PUNCTUATION,
            Character.OTHER_PUNCTUATION,
        )
        for (code in codes - changed) {
            val type = Character.getType(code).toByte()
            val isControl = type == Character.CONTROL || type == Character.FORMAT
            assertEquals(code == 0xFFFD || (isControl && code !in setOf(9, 10, 13)), table.isDropped(code), hex(code))
            assertEquals(type == Character.NON_SPACING_MARK, table.isAccent(code), hex(code))
            val isAscii = code < 128 && code.toChar() in ascii
            assertEquals(isAscii || type in punctuation, table.isPunctuation(code), hex(code))
        }
    }

    @Test
    fun `decompositions are those of Unicode 13`() {
        for (code in codes) {
            val expected = Normalizer.normalize(String(Character.toChars(code)), Normalizer.Form.NFD)
            val found = table.decompose(code) ?: intArrayOf(code)
            assertEquals(expected, String(found, 0, found.size), hex(code))
        }
    }

    @Test
    fun `lower case is that of Unicode 13`() {
        for (code in codes) {
            val expected = String(Character.toChars(code)).lowercase(Locale.ROOT)
            val found = table.lower(code) ?: intArrayOf(code)
            assertEquals(expected, String(found, 0, found.size), hex(code))
        }
    }

    @Test
    fun `combining classes put marks in the order of NFD`() {
        val marks = codes.filter { table.combiningClass(it) != 0 && table.decompose(it) == null }
        val one = marks.groupBy(table::combiningClass).mapValues { it.value.first() }
        for (mark in marks) {
            for ((other, example) in one) {
                val text = StringBuilder("x").appendCodePoint(mark).appendCodePoint(example).toString()
                val swaps = Normalizer.normalize(text, Normalizer.Form.NFD) != text
                assertEquals(swaps, table.combiningClass(mark) > other, "${hex(mark)} before ${hex(example)}")
            }
        }
        for (code in codes - changed) {
            if (table.combiningClass(code) != 0 || table.decompose(code) != null) continue
            val text = StringBuilder("x\u0301").appendCodePoint(code).append("\u0323").toString()
            assertEquals(text, Normalizer.normalize(text, Normalizer.Form.NFD), hex(code))
        }
    }

    private fun hex(code: Int) = "U+%04X".format(code)
}
