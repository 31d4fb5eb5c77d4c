package dev.edgebert

import dev.edgebert.modelfile.parseJson
import dev.edgebert.modelfile.sealed
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir
import java.io.File
import kotlin.math.abs

/** Labels taught to embedders and classifiers: side files and decisions are Python's. */
class TaughtTest {
    @TempDir
    lateinit var folder: File

    private val side by lazy { File(folder, "mine.taught") }
    private val questions = jsonLines(File(MADE, "taught.jsonl"))

    @Test
    fun `what Python taught decides as in Python`() {
        for ((name, cases) in questions.groupBy { it["model"] as String }) {
            assertEquals(3080, cases.size)
            open(name) { model ->
                val taught = Taught.open(model, File(MADE, "python-${File(name).nameWithoutExtension}.taught"))
                var largest = 0f
                val others = cases.count { case ->
                    val found = taught.classify(case["text"] as String).value
                    if (found.label == case["label"]) largest = maxOf(largest, abs(found.score - (case["score"] as Double).toFloat()))
                    found.label != case["label"] || found.abstained != case["abstained"]
                }
                val named = cases.count { it["label"] in taught.taught }
                println("3,080 questions, $name: $others decided otherwise, $named by taught labels; scores differ by at most $largest")
                assertTrue(others <= 6) { "$others decided otherwise" }
                assertTrue(largest < 1e-2f) { "scores differ by $largest" }
            }
        }
    }

    /** tests/android/test_taught_file.py has Python read what this writes. */
    @Test
    fun `what is taught is written for Python, and as Python writes it`() {
        val output = File(System.getProperty("edgebert.output") ?: "target", "taught").apply { mkdirs() }
        for (name in listOf("teachable", "embed-float32")) {
            val file = File(output, "$name.taught").apply { delete() }
            val python = labelsOf(File(MADE, "python-$name.taught"))
            open("$name.tflite") { model ->
                val taught = Taught.open(model, file)
                for ((label, texts) in sentences()) taught.teach(label, texts)
                taught.teach("more", listOf("a card"))
                taught.teach("more", listOf("my money", "Crème brûlée"))
                assertEquals(3L, taught.taught["more"])
                taught.forget("more")
                assertEquals(python.keys, taught.taught.keys)
            }
            for ((label, entry) in labelsOf(file)) {
                val (own, other) = listOf(entry, python.getValue(label)).map(::meanOf)
                assertEquals(own.size, other.size)
                own.indices.forEach { assertEquals(other[it], own[it], 0.01f) }
            }
        }
    }

    @Test
    fun `forget and undo restore every bit`() = open("teachable.tflite") { model ->
        val texts = questions.take(50).map { it["text"] as String }
        val taught = Taught.open(model, side)
        fun answers() = texts.map { taught.classify(it).value }
        val plain = texts.map { model.classify(it).value }
        assertEquals(plain, answers())
        taught.teach("mine", texts.take(5))
        val then = answers()
        assertTrue(then.any { it.label == "mine" })
        assertEquals(listOf("negative", "neutral", "positive", "mine"), taught.labels)
        taught.forget("mine")
        assertEquals(plain, answers())
        assertEquals(setOf("mine"), taught.undo())
        assertEquals(then, answers())
        assertEquals(then, Taught.open(model, side).let { again -> texts.map { again.classify(it).value } })
        assertFalse(model.selfTest().failures.isNotEmpty())
    }

    @Test
    fun `wrong teaching and files are refused and change nothing`() {
        open("embed.tflite") { model ->
            val taught = Taught.open(model, side)
            assertReason(Reason.NothingTaught) { taught.classify("a card") }
            assertEquals(emptySet<String>(), taught.undo())
            taught.teach("a", listOf("a card"))
            val before = side.readText()
            fun resealed(from: String, to: String) =
                sealed(before.substringBefore(",\"crc32\"").replace(from, to).toByteArray()).decodeToString()
            assertReason(Reason.WrongArgument("label")) { taught.teach(" ", listOf("a")) }
            assertReason(Reason.WrongArgument("label")) { taught.teach("a\tb", listOf("a")) }
            assertReason(Reason.WrongArgument("label")) { taught.teach("x".repeat(101), listOf("a")) }
            assertReason(Reason.WrongArgument("label")) { taught.forget("b") }
            assertReason(Reason.WrongArgument("texts")) { taught.teach("b", emptyList()) }
            assertReason(Reason.NoWords) { taught.teach("b", listOf("  ")) }
            for ((fault, wrong) in listOf(
                TaughtFault.NOT_TAUGHT to "text",
                TaughtFault.NOT_TAUGHT to before.dropLast(9),
                TaughtFault.OTHER_FORMAT to resealed("\"format\":2", "\"format\":3"),
                TaughtFault.OTHER_FORMAT to before.replace("\"format\":2", "\"format\":1"),
                TaughtFault.OTHER_MODEL to resealed("{\"model\":\"", "{\"model\":\"other"),
                TaughtFault.DAMAGED to resealed("\"scale\":", "\"scale\":-"),
                TaughtFault.DAMAGED to resealed("\"vector\":\"", "\"vector\":\"?"),
                TaughtFault.DAMAGED to resealed("\"texts\":1", "\"texts\":\"1\""),
                TaughtFault.DAMAGED to resealed("\"a\":", "\"a\\u0007\":"),
            )) {
                side.writeText(wrong)
                assertReason(Reason.WrongTaught(fault)) { Taught.open(model, side) }
                assertReason(Reason.WrongTaught(fault)) { taught.teach("b", listOf("a card")) }
                assertEquals(wrong, side.readText())
            }
        }
        open("classify.tflite") { model -> assertReason(Reason.NotTeachable) { Taught.open(model, side) } }
        open("teachable.tflite") { model ->
            val taught = Taught.open(model, File(folder, "other.taught"))
            assertReason(Reason.WrongArgument("label")) { taught.teach("neutral", listOf("a card")) }
        }
    }

    @Test
    fun `a side file in which any bit is another is refused`() = open("embed.tflite") { model ->
        Taught.open(model, side).teach("Crème brûlée", listOf("a card"))
        val data = side.readBytes()
        for (bit in 0 until data.size * 8) {
            side.writeBytes(data.copyOf().also { it[bit / 8] = (it[bit / 8].toInt() xor (1 shl bit % 8)).toByte() })
            val error = assertThrows(EdgebertException::class.java, { Taught.open(model, side) }) { "bit $bit" }
            assertTrue(error.reason is Reason.WrongTaught && '\n' !in error.message.orEmpty()) { "bit $bit: ${error.message}" }
        }
    }

    /** The sentences that Python taught: the first five of every fifth label, in the order of the test questions. */
    private fun sentences(): Map<String, List<String>> {
        val taught = labelsOf(File(MADE, "python-teachable.taught")).keys
        return jsonLines(File(MADE, "taught_sentences.jsonl")).associate {
            it["label"] as String to (it["texts"] as List<*>).map { text -> text as String }
        }.also { assertEquals(taught, it.keys) }
    }

    private fun labelsOf(file: File) = ((parseJson(file.readText()) as Map<*, *>)["labels"] as Map<*, *>)
        .map { it.key as String to it.value as Map<*, *> }.toMap()

    private fun meanOf(entry: Map<*, *>): FloatArray =
        dev.edgebert.modelfile.TaughtLabel(entry["texts"] as Long, (entry["scale"] as Number).toDouble(), entry["vector"] as String).mean()

    private fun open(name: String, use: (EdgebertModel) -> Unit) = EdgebertModel.fromFile(File(MADE, name)).use(use)

    private fun assertReason(expected: Reason, action: () -> Unit) =
        assertEquals(expected, assertThrows(EdgebertException::class.java) { action() }.reason)
}
