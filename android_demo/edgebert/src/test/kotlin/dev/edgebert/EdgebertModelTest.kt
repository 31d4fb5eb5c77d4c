package dev.edgebert

import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.flow
import kotlinx.coroutines.flow.take
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir
import java.io.File

class EdgebertModelTest {
    @TempDir
    lateinit var folder: File

    private val question = "How do I locate my card?"

    @Test
    fun `a file inside another is opened in place`() {
        val model = File(MADE, "classify.tflite").readBytes()
        val around = File(folder, "around").apply { writeBytes(ByteArray(64) + model + ByteArray(100)) }
        val expected = open("classify").use { it.classify(question).value }
        val inside = around.inputStream().use {
            EdgebertModel.fromDescriptor(it.fd, 64, model.size.toLong(), "asset.tflite")
        }
        inside.use { assertEquals(expected, it.classify(question).value) }
    }

    @Test
    fun `a model tells what it is`() = open("classify").use {
        assertEquals("classify.tflite", it.name)
        assertEquals(Task.CLASSIFY, it.task)
        assertEquals(3, it.labels.size)
        assertEquals("int8", it.record.quantization)
        assertTrue(it.runtime.startsWith("TensorFlow Lite 2.")) { it.runtime }
    }

    @Test
    fun `time is split into parts`() = open("classify").use {
        val timing = it.classify(question).timing
        val parts = listOf(timing.tokenizeNanos, timing.setNanos, timing.invokeNanos, timing.finishNanos)
        assertTrue(parts.all { part -> part > 0 }) { timing.toString() }
        assertEquals(timing.totalNanos, parts.sum())
    }

    @Test
    fun `a method of another task, and wrong options`() = open("classify").use {
        assertMessage("classify.tflite: is for classify, not for embed") { it.embed("x") }
        assertMessage("stride is for windows; ask for them: long = MEAN, MAX or FIRST") { it.classify("x", stride = 3) }
        assertMessage("stride is 0; a whole number from 1 to") { it.classify("x", long = LongText.MEAN, stride = 0) }
        assertMessage("long = MEAN is for single texts") { it.classify("x", "y", long = LongText.MEAN) }
        assertMessage("text: lone surrogate U+D83D at character 2") { it.classify("é \uD83D") }
    }

    @Test
    fun `options of the other tasks`() {
        open("tag").use { assertMessage("ask for them: long = WINDOWS") { it.tag("x", stride = 3) } }
        open("answer").use { assertMessage("top is 0; a whole number from 1 on") { it.answer("x", "y", top = 0) } }
        open("fill-mask").use {
            assertMessage("fill-mask: no [MASK] in 'x'") { it.fillMask("x") }
            val long = "a ".repeat(it.maxLength)
            assertMessage("fill-mask: 1 of 1 [MASK] are past the") { it.fillMask("$long[MASK]") }
        }
    }

    @Test
    fun `ids are checked`() = open("fill-mask").use {
        val vocabulary = it.record.model.vocabSize
        assertMessage("id $vocabulary: ids go from 0 to ${vocabulary - 1}") { it.runIds(intArrayOf(vocabulary)) }
        assertMessage("0 ids given; the model takes 1 to") { it.runIds(IntArray(0)) }
        assertMessage("positions [3]: one or more numbers from 0 to 2") {
            it.runIds(intArrayOf(1, 2, 3), positions = intArrayOf(3))
        }
        assertMessage("segment ids: 3 of them are needed") { it.runIds(intArrayOf(1, 2, 3), intArrayOf(0)) }
        assertEquals(listOf(1, 3, vocabulary), it.runIds(intArrayOf(1, 2, 3)).value.shape.asList())
    }

    @Test
    fun `texts of all lengths in turn give what they give alone`() {
        val texts = (0..40).map { "card ".repeat(it * 7 % 41) }
        val alone = texts.map { text -> open("classify").use { it.classify(text).value } }
        open("classify").use { model -> assertEquals(alone, texts.map { model.classify(it).value }) }
    }

    @Test
    fun `a text of one megabyte`() {
        val words = "Where is my card? ".repeat(60_000)
        val word = "x".repeat(1 shl 20)
        open("classify").use {
            assertTrue(it.classify(words).truncated)
            assertFalse(it.classify(word).truncated)
            assertEquals(3, it.classify(word).tokens)
        }
        open("tag").use { assertTrue(it.tag(words).truncated) }
    }

    @Test
    fun `threads take turns`() = open("classify").use { model ->
        val texts = (1..40).map { "Where is card number $it?" + " card".repeat(it) }
        val expected = texts.map { model.classify(it).value }
        runBlocking {
            val found = texts.map { text -> async(Dispatchers.Default) { model.ask { classify(text).value } } }
            assertEquals(expected, found.awaitAll())
        }
    }

    @Test
    fun `a flow of texts becomes a flow of answers in their order`() = open("classify").use { model ->
        val texts = (1..60).map { "Where is card number $it?" + " card".repeat(it * 7 % 41) }
        val expected = texts.map { model.classify(it).value }
        runBlocking {
            assertEquals(expected, model.answers(texts) { classify(it).value })
            var given = 0
            val endless = flow { while (true) emit(texts[given++ % texts.size]) }
            assertEquals(expected.take(5), model.answers(endless) { classify(it).value }.take(5).toList())
            assertTrue(given < 20) { "$given texts were taken for 5 answers" }
            val error = runCatching { model.answers(listOf("a", "\uD83D", "b")) { classify(it).value } }.exceptionOrNull()
            assertEquals(Reason.LoneSurrogate(0), (error as EdgebertException).reason)
        }
    }

    @Test
    fun `the best labels, as many and as likely as asked for`() = open("classify").use { model ->
        val found = model.classify(question).value
        assertEquals(found.scores.values.sortedDescending(), found.top().map { it.score })
        assertEquals(ScoredLabel(found.label, found.score), found.top(maxResults = 1).single())
        assertEquals(found.top(2), found.top(scoreThreshold = found.top()[1].score))
        assertMessage("maxResults is 0") { found.top(0) }
    }

    @Test
    fun `the cosine of two vectors`(): Unit = open("embed").use { model ->
        val (one, other) = listOf("my card", "your card").map { model.embed(it).value }
        val dot = one.indices.sumOf { one[it].toDouble() * other[it] }
        assertEquals(dot.toFloat(), EdgebertModel.cosineSimilarity(one, FloatArray(other.size) { 3 * other[it] }), 1e-5f)
        assertEquals(0f, EdgebertModel.cosineSimilarity(one, FloatArray(one.size)))
        val error = assertThrows(IllegalArgumentException::class.java) { EdgebertModel.cosineSimilarity(one, FloatArray(3)) }
        assertEquals("vectors of 32 and 3 numbers", error.message)
    }

    @Test
    fun `several threads in a model give the same labels`() {
        EdgebertModel.fromFile(File(MADE, "classify-float32.tflite"), Options(threads = 2)).use { two ->
            open("classify-float32").use { one ->
                assertEquals(one.classify(question).value.label, two.classify(question).value.label)
            }
        }
    }

    @Test
    fun `a cancelled question stops between windows`() = open("tag").use { model ->
        runBlocking {
            val endless = "Where is my card? ".repeat(200_000)
            val job = launch(start = CoroutineStart.UNDISPATCHED) {
                model.ask { tag(endless, long = LongTagging.WINDOWS, stride = 1) }
            }
            delay(300)
            job.cancelAndJoin()
            assertTrue(job.isCancelled)
            assertEquals(3, model.ask { tag("a") }.tokens)
        }
    }

    @Test
    fun `a thread that is interrupted is told so, and stays interrupted`() = open("classify").use { model ->
        Thread.currentThread().interrupt()
        val error = assertThrows(EdgebertException::class.java) { model.classify(question) }
        assertEquals(Reason.Interrupted, error.reason)
        assertTrue(Thread.interrupted())
        assertTrue(model.classify(question).tokens > 0)
    }

    @Test
    fun `a closed model says so, and closing twice is no error`() {
        val model = open("classify")
        model.close()
        model.close()
        assertMessage("classify.tflite: the model is closed") { model.classify(question) }
    }

    private fun open(name: String) = EdgebertModel.fromFile(File(MADE, "$name.tflite"))

    private fun assertMessage(expected: String, action: () -> Unit) {
        val message = assertThrows(EdgebertException::class.java) { action() }.message.orEmpty()
        assertTrue(expected in message) { message }
    }
}
