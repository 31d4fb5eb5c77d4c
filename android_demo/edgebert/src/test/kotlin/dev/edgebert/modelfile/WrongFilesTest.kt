package dev.edgebert.modelfile

import dev.edgebert.EdgebertException
import dev.edgebert.EdgebertModel
import dev.edgebert.MADE
import dev.edgebert.Options
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.CsvSource
import java.io.ByteArrayOutputStream
import java.io.File
import java.nio.ByteBuffer
import java.nio.ByteOrder
import java.util.zip.CRC32

/** Files that no model should be opened from: one line each, and no crash. */
class WrongFilesTest {
    @TempDir
    lateinit var folder: File

    private val good: ByteArray = File(MADE, "classify.tflite").readBytes()
    private val graph: ByteArray = good.copyOf(good.indexOf("PK\u0003\u0004".toByteArray()))
    private val record = entry("edgebert.json").decodeToString()
    private val vocabulary = entry("vocab.txt").decodeToString()

    @Test
    fun `what the others are made from opens`() {
        EdgebertModel.open(write(withFiles(record, vocabulary))).use { assertTrue(it.selfTest().passed) }
    }

    @Test
    fun `no file, a folder, an empty file, another file`() {
        assertMessage("nothing.tflite: cannot read: ", File(folder, "nothing.tflite"))
        assertMessage("cannot read: ", folder)
        assertMessage("model.tflite: not a TFLite file", write(ByteArray(0)))
        assertMessage("model.tflite: not a TFLite file", write("a text file".toByteArray()))
    }

    @Test
    fun `a truncated file, wherever it was cut`() {
        for (size in listOf(8, 9, 100, graph.size, graph.size + 10, good.size / 2, good.size - 30, good.size - 1)) {
            assertMessage("model.tflite: a TFLite file, but not one that edgebert wrote, or damaged", write(good.copyOf(size)))
        }
    }

    @Test
    fun `a graph that is cut off before a whole zip`() {
        val cut = withFiles(record, vocabulary, graph.copyOf(graph.size / 2))
        assertMessage("cannot run it: ByteBuffer is not a valid TensorFlow Lite model flatbuffer", write(cut))
    }

    @Test
    fun `a file without vocabulary, and one with another`() {
        assertMessage("(it has no vocab.txt)", write(withFiles(record, null)))
        assertMessage("damaged: 1 word pieces where the model has 800", write(withFiles(record, "[PAD]\n")))
        assertMessage("vocabulary: '[PAD]' is there twice", write(withFiles(record, "[PAD]\n".repeat(800))))
        val another = (0 until 800).joinToString("") { "$it\n" }
        assertMessage("vocabulary: [UNK] is not among the 800 word pieces", write(withFiles(record, another)))
    }

    @ParameterizedTest
    @CsvSource(
        delimiter = '|',
        value = [
            "\"format\":1|\"format\":3|format 3, this app reads 1; update the app",
            "\"format\":1|\"format\":2|a full-integer file, for accelerators",
            "\"format\":1|\"format\":\"1\"|format 1, this app reads 1",
            "\"task\":\"classify\"|\"task\":\"sing\"|task 'sing' is unknown; this app knows: embed, classify",
            "\"task\":\"classify\"|\"task\":7|record.task is '7', which does not fit",
            "\"task\":\"classify\",||record.task is missing",
            "\"task\":\"classify\"|\"task\":\"embed\"|32 values in its record for 3 outputs of its graph",
            "\"task\":\"classify\"|\"task\":\"fill-mask\"|needed for fill-mask: ids, mask, segment_ids, positions",
            "\"kind\":\"wordpiece\"|\"kind\":\"unigram\"|its tokenizer is 'unigram'",
            "\"lower_case\":true|\"lower_case\":1|record.tokenizer.lower_case is '1', which does not fit",
            "\"self_test_tolerance\":|\"self_test_tolerance\":[],\"x\":|record.self_test_tolerance is '[]'",
            "{\"task\"|{task|edgebert record: not JSON",
        ],
    )
    fun `a record that is not ours`(old: String, new: String?, message: String) {
        assertTrue(old in record)
        assertMessage(message, write(withFiles(record.replaceFirst(old, new.orEmpty()), vocabulary)))
    }

    @ParameterizedTest
    @CsvSource("max_length,2147483647", "max_length,-5", "max_length,99999999999999999999", "vocab_size,2000000000")
    fun `absurd sizes in a record`(field: String, value: String) {
        val changed = record.replace(Regex("\"$field\":[0-9]+"), "\"$field\":$value")
        assertOneLine(write(withFiles(changed, vocabulary)))
    }

    @Test
    fun `absurd sizes in the zip`() {
        val directory = good.lastIndexOf("PK\u0001\u0002".toByteArray())
        val end = good.lastIndexOf("PK\u0005\u0006".toByteArray())
        for (place in listOf(directory + 24, directory + 28, directory + 42, end + 10, end + 12, end + 16)) {
            val changed = good.copyOf()
            ByteBuffer.wrap(changed).order(ByteOrder.LITTLE_ENDIAN).putShort(place, -1).putShort(place + 2, -1)
            assertOneLine(write(changed))
        }
    }

    @Test
    fun `an entry larger than it may be`() {
        val zip = StoredZip(ByteBuffer.wrap(good))
        val size = vocabulary.toByteArray().size.toLong()
        assertEquals(size, zip.content("vocab.txt", size).remaining().toLong())
        assertThrows(NoStoredZipException::class.java) { zip.content("vocab.txt", size - 1) }
    }

    @Test
    fun `every byte of the zip changed in turn opens or is refused in one line`() {
        val random = kotlin.random.Random(0)
        repeat(300) {
            val changed = good.copyOf()
            changed[random.nextInt(graph.size, good.size)] = random.nextInt(256).toByte()
            try {
                readModelFile(ByteBuffer.wrap(changed), "model.tflite")
            } catch (error: EdgebertException) {
                assertOneLine(error)
            }
        }
    }

    @Test
    fun `a self-test that this machine does not pass is told`() {
        val outputs = record.replace(Regex("\"output\":\\[[^,\\]]+"), "\"output\":[9")
        val ids = record.replace(Regex("\"ids\":\\[[0-9]+"), "\"ids\":[7")
        val shapes = record.replace("\"shape\":[1,3]", "\"shape\":[1,4]")
        for ((changed, what) in mapOf(outputs to "output is off by", ids to "tokenised", shapes to "output has shape")) {
            assertTrue(changed != record)
            EdgebertModel.open(write(withFiles(changed, vocabulary))).use { model ->
                val report = model.selfTest()
                assertFalse(report.passed)
                assertEquals(report.texts, report.failures.count { what in it }) { report.failures.toString() }
            }
        }
    }

    @Test
    fun `a heap buffer and no threads`() {
        val heap = assertThrows(EdgebertException::class.java) { EdgebertModel.open(ByteBuffer.wrap(good), "x") }
        assertEquals("x: a direct or mapped buffer is needed", heap.message)
        val threads = assertThrows(EdgebertException::class.java) { EdgebertModel.open(write(good), Options(threads = 0)) }
        assertEquals("threads is 0; at least 1 is needed", threads.message)
    }

    @Test
    fun `a place that is not within the file around it`() {
        write(good).inputStream().use {
            val error = assertThrows(EdgebertException::class.java) {
                EdgebertModel.open(it.fd, -5, good.size.toLong(), "asset")
            }
            assertOneLine(error)
        }
    }

    private fun assertMessage(expected: String, file: File) {
        val message = assertOneLine(file)
        assertTrue(expected in message) { message }
    }

    private fun assertOneLine(file: File): String =
        assertOneLine(assertThrows(EdgebertException::class.java) { EdgebertModel.open(file).close() })

    private fun assertOneLine(error: EdgebertException): String {
        val message = checkNotNull(error.message)
        assertFalse('\n' in message) { message }
        assertTrue(message.length in 10..400) { message }
        return message
    }

    private fun write(bytes: ByteArray) = File(folder, "model.tflite").apply { writeBytes(bytes) }

    private fun entry(name: String): ByteArray =
        StoredZip(ByteBuffer.wrap(good)).content(name, Long.MAX_VALUE).let { bytes ->
            ByteArray(bytes.remaining()).also { bytes.get(it) }
        }

    /** The graph with other files behind it, as edgebert writes them. */
    private fun withFiles(record: String, vocabulary: String?, graph: ByteArray = this.graph): ByteArray {
        val zip = TestZip(graph)
        zip.add("edgebert.json", record.toByteArray())
        if (vocabulary != null) zip.add("vocab.txt", vocabulary.toByteArray())
        return zip.bytes()
    }

    private fun ByteArray.indexOf(part: ByteArray) =
        indices.first { at -> part.indices.all { at + it < size && this[at + it] == part[it] } }

    private fun ByteArray.lastIndexOf(part: ByteArray) =
        indices.last { at -> part.indices.all { at + it < size && this[at + it] == part[it] } }
}

/** Writes stored entries behind other bytes. */
private class TestZip(before: ByteArray) {
    private val file = ByteArrayOutputStream().apply { write(before) }
    private val directory = ByteArrayOutputStream()
    private var count = 0

    fun add(name: String, content: ByteArray) {
        val crc = CRC32().apply { update(content) }.value.toInt()
        val offset = file.size()
        val sizes = numbers(4, crc, content.size, content.size) + numbers(2, name.length, 0)
        file.write("PK\u0003\u0004".toByteArray() + numbers(2, 20, 0, 0, 0, 0) + sizes + name.toByteArray() + content)
        val head = "PK\u0001\u0002".toByteArray() + numbers(2, 20, 20, 0, 0, 0, 0) + sizes
        directory.write(head + numbers(2, 0, 0, 0) + numbers(4, 0, offset) + name.toByteArray())
        count++
    }

    fun bytes(): ByteArray {
        val end = "PK\u0005\u0006".toByteArray() + numbers(2, 0, 0, count, count) +
            numbers(4, directory.size(), file.size()) + numbers(2, 0)
        return file.toByteArray() + directory.toByteArray() + end
    }

    private fun numbers(size: Int, vararg values: Int): ByteArray = ByteArray(size * values.size) {
        (values[it / size] ushr (8 * (it % size))).toByte()
    }
}
