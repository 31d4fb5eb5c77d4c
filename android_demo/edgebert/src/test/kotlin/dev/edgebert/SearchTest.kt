package dev.edgebert

import dev.edgebert.index.direction
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir
import java.io.File

class SearchTest {
    private val corpus = File(MADE, "corpus.txt").readLines()

    @Test
    fun `hits are Python's, prompts before queries and documents`() {
        val cases = jsonLines(File(MADE, "search.jsonl")).groupBy { it["model"] as String }
        assertEquals(setOf("embed.tflite", "embed-float32.tflite", "embed-prompts.tflite"), cases.keys)
        cases.forEach(::compare)
    }

    private fun compare(name: String, cases: List<Map<*, *>>) = EdgebertModel.fromFile(File(MADE, name)).use { model ->
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
    fun `an index that Python made is searched as it is`() {
        val corpus = File(MADE, "corpus.txt")
        for (name in listOf("embed-float32", "embed-prompts")) {
            EdgebertModel.fromFile(File(MADE, "$name.tflite")).use { model ->
                val search = Search.open(model, corpus, File(MADE, "$name.index")) { _, _ -> error("it is made anew") }
                for (case in jsonLines(File(MADE, "search.jsonl")).filter { it["model"] == "$name.tflite" }) {
                    val expected = (case["hits"] as List<*>).map { it as Map<*, *> }
                    val found = search.find(case["query"] as String, top = expected.size).value
                    val tolerance = if (name == "embed-float32") 1e-5f else 2e-3f
                    expected.zip(found) { hit, own -> assertEquals((hit["score"] as Number).toFloat(), own.score, tolerance) }
                    if (name == "embed-float32") assertEquals(expected.map { it["line"] }, found.map { it.line.toLong() })
                }
            }
        }
    }

    /** tests/android/test_search_index.py has Python search what this writes. */
    @Test
    fun `an index is saved for Python, and opened again`() = EdgebertModel.fromFile(File(MADE, "embed-float32.tflite")).use { model ->
        val output = File(System.getProperty("edgebert.output") ?: "target", "search").apply { mkdirs() }
        val saved = File(output, "corpus.txt")
        val search = Search.build(model, corpus)
        val query = corpus.first()
        assertEquals(1, search.find(query, top = 1).value.single().line)
        assertTrue(search.remove(1))
        assertFalse(search.remove(1))
        val line = search.add(" Wo ist\nmeine Karte? ")
        assertEquals(corpus.size + 1, line)
        assertEquals(200, search.size)
        search.save(saved)
        val hits = search.find(query).value
        assertFalse(hits.any { it.line == 1 })
        assertEquals(listOf(""), saved.readLines().take(1))
        Search.open(model, saved) { _, _ -> error("it is made anew") }.let { opened ->
            assertEquals(hits, opened.find(query).value)
            assertEquals(line, opened.find("Wo ist meine Karte?", top = 1).value.single().line)
            assertEquals(line + 1, opened.add("One more."))
        }
        val best = hits.joinToString { """{"line": ${it.line}, "score": ${it.score}}""" }
        File(output, "hits.json").writeText("[$best]")
    }

    @Test
    fun `a line that was given away is not given again, also after saving`(@TempDir folder: File) = EdgebertModel.fromFile(File(MADE, "embed.tflite")).use { model ->
        val text = File(folder, "a.txt")
        val search = Search.build(model, listOf("the card", "the euro"))
        assertEquals(3, search.add("the bank"))
        search.remove(3)
        search.save(text)
        assertEquals("the card\nthe euro\n\n", text.readText())
        assertEquals(4, Search.open(model, text) { _, _ -> error("it is made anew") }.add("the app"))
    }

    @Test
    fun `a corpus that has changed is indexed anew`(@TempDir folder: File) = EdgebertModel.fromFile(File(MADE, "embed.tflite")).use { model ->
        val text = File(folder, "a.txt").apply { writeText("\uFEFFthe card\r\n\n  \u0085\nthe euro") }
        val told = ArrayList<Int>()
        val search = Search.open(model, text) { done, _ -> told.add(done) }
        assertEquals(setOf("the card" to 1, "the euro" to 4), search.find("card").value.map { it.text to it.line }.toSet())
        Search.open(model, text) { _, _ -> error("it is made anew") }
        text.appendText("\nthe bank")
        Search.open(model, text) { done, _ -> told.add(done) }
        assertEquals(listOf(1, 2, 1, 2, 3), told)
        assertEquals(listOf("a.txt", "a.txt.edgebert-index"), folder.list()!!.sorted())
    }

    @Test
    fun `an index that does not serve is refused by reason`(@TempDir folder: File) {
        val text = File(folder, "a.txt").apply { writeText("the card\nthe euro\n") }
        val index = Search.indexBeside(text)
        EdgebertModel.fromFile(File(MADE, "embed.tflite")).use { model ->
            Search.open(model, text)
            val good = index.readBytes()
            fun refused(fault: IndexFault, change: (ByteArray) -> ByteArray) {
                index.writeBytes(change(good.copyOf()))
                val error = assertThrows(EdgebertException::class.java) { Search.open(model, text) }
                assertEquals(Reason.WrongIndex(fault), error.reason)
                assertFalse('\n' in error.message!!)
            }
            refused(IndexFault.NOT_AN_INDEX) { "hello".toByteArray() }
            refused(IndexFault.TOO_NEW) { it.apply { this[8] = 2 } }
            refused(IndexFault.DAMAGED) { it.copyOf(it.size - 1) }
            refused(IndexFault.DAMAGED) { it.apply { fill(-1, 16, 24) } }
            refused(IndexFault.DAMAGED) { it.apply { fill(-1, size - 4, size) } }
            refused(IndexFault.DAMAGED) { it.apply { this[size - 9] = 1 } }
            refused(IndexFault.OTHER_MODEL) { it.apply { this[30] = (this[30] + 1).toByte() } }
            refused(IndexFault.OTHER_PROMPT) { it.apply { fill(1, 88, 120) } }
        }
        text.writeBytes("good\nb\u00e4d".toByteArray(Charsets.ISO_8859_1))
        EdgebertModel.fromFile(File(MADE, "embed.tflite")).use { model ->
            index.delete()
            val error = assertThrows(EdgebertException::class.java) { Search.open(model, text) }
            assertEquals(Reason.WrongCorpus(2), error.reason)
        }
    }

    @Test
    fun `hits below a threshold are left out`() = EdgebertModel.fromFile(File(MADE, "embed.tflite")).use { model ->
        val search = Search.build(model, corpus)
        val all = search.find("how much is an exchange", top = 10).value
        assertEquals(all.take(4), search.find("how much is an exchange", 10, scoreThreshold = all[3].score).value)
    }

    @Test
    fun `what cannot be searched`() {
        EdgebertModel.fromFile(File(MADE, "classify.tflite")).use { model ->
            assertMessage("classify.tflite: is for classify; search needs a model for embed") { Search.build(model, corpus) }
        }
        EdgebertModel.fromFile(File(MADE, "embed.tflite")).use { model ->
            assertMessage("there are no documents") { Search.build(model, listOf("", "  ")) }
            assertMessage("query ' ': has no words") { Search.build(model, listOf("a")).find(" ") }
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
