package dev.edgebert

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import java.io.File

class SearchTest {
    private val corpus = File(MADE, "corpus.txt").readLines()

    @Test
    fun `hits are Python's, prompts before queries and documents`() {
        val cases = jsonLines(File(MADE, "search.jsonl")).groupBy { it["model"] as String }
        assertEquals(setOf("embed.tflite", "embed-prompts.tflite"), cases.keys)
        cases.forEach(::compare)
    }

    private fun compare(name: String, cases: List<Map<*, *>>) = EdgebertModel.open(File(MADE, name)).use { model ->
        val told = ArrayList<Int>()
        val search = Search.build(model, corpus) { done, total -> told.add(done).also { assertEquals(200, total) } }
        assertEquals(200, search.size)
        assertEquals((1..200).toList(), told)
        for (case in cases) {
            val expected = (case["hits"] as List<*>).map { it as Map<*, *> }
            val found = search.find(case["query"] as String, top = expected.size).value
            // Where two scores are as good as equal, either may come first.
            expected.zip(found) { hit, own -> assertEquals((hit["score"] as Number).toFloat(), own.score, 2e-3f) }
            assertEquals(expected.first()["text"], found.first().text)
            assertEquals(expected.first()["line"], found.first().line.toLong())
            found.forEach { assertEquals(corpus[it.line - 1].trim(), it.text) }
            assertTrue(found.count { own -> expected.any { it["text"] == own.text } } >= expected.size - 1)
        }
    }

    @Test
    fun `what cannot be searched`() {
        EdgebertModel.open(File(MADE, "classify.tflite")).use { model ->
            assertMessage("classify.tflite: is for classify; search needs a model for embed") { Search.build(model, corpus) }
        }
        EdgebertModel.open(File(MADE, "embed.tflite")).use { model ->
            assertMessage("there are no documents") { Search.build(model, listOf("", "  ")) }
            assertMessage("top is 0") { Search.build(model, listOf("a")).find("a", top = 0) }
        }
    }

    @Test
    fun `a vector keeps its direction in int8`() {
        val vector = floatArrayOf(3f, -4f, 0f)
        assertEquals(1f, direction(vector).dot(floatArrayOf(0.6f, -0.8f, 0f)), 1e-2f)
        assertEquals(0f, direction(FloatArray(3)).dot(vector))
    }

    private fun assertMessage(expected: String, action: () -> Unit) {
        val message = assertThrows(EdgebertException::class.java) { action() }.message.orEmpty()
        assertTrue(expected in message) { message }
    }
}
