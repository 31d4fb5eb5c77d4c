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
import java.io.File
import java.nio.ByteBuffer
import java.nio.ByteOrder

/** Files that no model should be opened from: one line each, and no crash. */
class WrongFilesTest {
    @TempDir
    lateinit var folder: File

    private val good: ByteArray = File(MADE, "classify.tflite").readBytes()
    private val graph: ByteArray = good.copyOf(good.indexOf("PK\u0003\u0004".toByteArray()))
    private val record = entry("edgebert.json").decodeToString()
    private val vocabulary = entry("vocab.txt").decodeToString()
    private val withoutChecksum = record.replace(Regex(",\"graph_crc32c\":[0-9]+"), "").also { check(it != record) }

    @Test
    fun `what the others are made from opens`() {
        EdgebertModel.fromFile(write(withFiles(record, vocabulary))).use { assertTrue(it.selfTest().passed) }
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
        assertMessage("model.tflite: damaged: its bytes are not those that were written", write(cut))
        val old = withFiles(withoutChecksum, vocabulary, graph.copyOf(graph.size / 2))
        assertMessage("cannot run it: ByteBuffer is not a valid TensorFlow Lite model flatbuffer", write(old))
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
            "\"format\":1|\"format\":6|format 6, this app reads 1, 3, 4, 5; update the app",
            "\"format\":1|\"format\":4,\"abstention\":{\"temperature\":1,\"energies\":[0],\"min_score\":0,\"min_scope\":0}|abstention does not fit 3 labels",
            "\"format\":1|\"format\":3,\"integer\":{}|a full-integer file, for accelerators",
            "\"format\":1|\"format\":5,\"fixed\":{}|record.fixed.lengths is missing",
            "\"format\":1|\"format\":5,\"fixed\":{\"lengths\":[],\"pad_id\":0,\"positions\":null}|record.fixed does not fit a model of",
            "\"format\":1|\"format\":5,\"fixed\":{\"lengths\":[64,16],\"pad_id\":0,\"positions\":null}|record.fixed does not fit a model of",
            "\"format\":1|\"format\":5,\"fixed\":{\"lengths\":[8],\"pad_id\":0,\"positions\":null}|record.fixed does not fit a model of",
            "\"truncation_side\":\"right\"|\"truncation_side\":\"middle\"|record.tokenizer.truncation_side is 'middle'",
            "\"template\":null|\"template\":{\"single\":[],\"pair\":[]}|template: 0 places for 1 of text",
            "\"added_tokens\":[]|\"added_tokens\":[{\"content\":\"x\",\"id\":800}]|added token 'x' has the id 800",
            "\"added_tokens\":[]|\"added_tokens\":[{\"content\":\"\",\"id\":8}]|added token ''",
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
    fun `a thousand entries that are the same bytes`() {
        val large = ByteArray(4 shl 20)
        val files = mapOf("edgebert.json" to record.toByteArray(), "vocab.txt" to vocabulary.toByteArray(), "large" to large)
        val archive = archiveBytes(files.mapValues { ByteBuffer.wrap(it.value) }, graph.size)
        val bytes = ByteArray(archive.limit()).also { archive.get(it) }
        val (entry, end) = listOf("PK\u0001\u0002", "PK\u0005\u0006").map { bytes.lastIndexOf(it.toByteArray()) }
        val more = (100_000 until 101_000).map { bytes.copyOfRange(entry, end - 5) + byteArrayOf(*"$it".drop(1).toByteArray()) }
        val ended = ByteBuffer.wrap(bytes.copyOfRange(end, bytes.size)).order(ByteOrder.LITTLE_ENDIAN).apply {
            putShort(8, 1003).putShort(10, 1003)
            putInt(12, getInt(12) + more.sumOf { it.size })
        }
        val file = write(graph + bytes.copyOf(end) + more.reduce(ByteArray::plus) + ended.array())
        assertMessage("(its zip is damaged)", file)
    }

    @Test
    fun `an entry larger than it may be`() {
        val zip = StoredZip(ByteBuffer.wrap(good))
        val size = vocabulary.toByteArray().size.toLong()
        assertEquals(size, zip.content("vocab.txt", size).remaining().toLong())
        assertThrows(NoStoredZipException::class.java) { zip.content("vocab.txt", size - 1) }
    }

    @Test
    fun `a file in which anything changed is refused in one line`() {
        for (name in listOf("classify", "embed", "tag", "fill-mask")) {
            val whole = File(MADE, "$name.tflite").readBytes()
            val random = kotlin.random.Random(0)
            repeat(200) {
                val changed = whole.copyOf()
                repeat(random.nextInt(1, 65)) { changed[random.nextInt(whole.size)] = random.nextInt(256).toByte() }
                if (!changed.contentEquals(whole)) assertOneLine(write(changed))
            }
        }
    }

    @Test
    fun `every byte of the archive's frame counts`() {
        val places = (graph.size until graph.size + 60) + (good.size - 250 until good.size)
        for (place in places) {
            val changed = good.copyOf().also { it[place] = (it[place] + 1).toByte() }
            val error = assertThrows(EdgebertException::class.java) { readModelFile(ByteBuffer.wrap(changed), "model.tflite") }
            assertOneLine(error)
        }
    }

    @Test
    fun `a file of a version that wrote no checksum opens`() {
        EdgebertModel.fromFile(write(withFiles(withoutChecksum, vocabulary))).use { assertTrue(it.selfTest().passed) }
    }

    @Test
    fun `a file with a part that nobody knows of`() {
        for (more in listOf(byteArrayOf(0), "PK\u0005\u0006".toByteArray() + ByteArray(18))) assertOneLine(write(good + more))
    }

    @Test
    fun `a self-test that this machine does not pass is told`() {
        val outputs = record.replace(Regex("\"output\":\\[[^,\\]]+"), "\"output\":[9")
        val ids = record.replace(Regex("\"ids\":\\[[0-9]+"), "\"ids\":[7")
        val shapes = record.replace("\"shape\":[1,3]", "\"shape\":[1,4]")
        for ((changed, what) in mapOf(outputs to "output is off by", ids to "tokenised", shapes to "output has shape")) {
            assertTrue(changed != record)
            EdgebertModel.fromFile(write(withFiles(changed, vocabulary))).use { model ->
                val report = model.selfTest()
                assertFalse(report.passed)
                assertEquals(report.texts, report.failures.count { what in it }) { report.failures.toString() }
            }
        }
    }

    @Test
    fun `a heap buffer, and no or too many threads`() {
        val heap = assertThrows(EdgebertException::class.java) { EdgebertModel.fromBuffer(ByteBuffer.wrap(good), "x") }
        assertEquals("x: a direct or mapped buffer is needed", heap.message)
        for (wrong in listOf(0, -1, 257, 10_000)) {
            val threads = assertThrows(EdgebertException::class.java) { EdgebertModel.fromFile(write(good), Options(threads = wrong)) }
            assertEquals("threads is $wrong; 1 to 256 are accepted", threads.message)
        }
    }

    @Test
    fun `a place that is not within the file around it`() {
        write(good).inputStream().use {
            val error = assertThrows(EdgebertException::class.java) {
                EdgebertModel.fromDescriptor(it.fd, -5, good.size.toLong(), "asset")
            }
            assertOneLine(error)
        }
    }

    private fun assertMessage(expected: String, file: File) {
        val message = assertOneLine(file)
        assertTrue(expected in message) { message }
    }

    private fun assertOneLine(file: File): String =
        assertOneLine(assertThrows(EdgebertException::class.java) { EdgebertModel.fromFile(file).close() })

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
        val files = linkedMapOf("edgebert.json" to record)
        if (vocabulary != null) files["vocab.txt"] = vocabulary
        val archive = archiveBytes(files.mapValues { ByteBuffer.wrap(it.value.toByteArray()) }, graph.size)
        return graph + archive.array().copyOf(archive.limit())
    }

    private fun ByteArray.indexOf(part: ByteArray) =
        indices.first { at -> part.indices.all { at + it < size && this[at + it] == part[it] } }

    private fun ByteArray.lastIndexOf(part: ByteArray) =
        indices.last { at -> part.indices.all { at + it < size && this[at + it] == part[it] } }
}
