package dev.edgebert

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir
import java.io.File

/** What went wrong is told by a type with its data: an app needs no message to say it in its user's language. */
class ReasonsTest {
    @TempDir
    lateinit var folder: File

    @Test
    fun `files that cannot be opened`() {
        val whole = File(MADE, "classify.tflite").readBytes()
        assertReason(Reason.Unreadable) { EdgebertModel.fromFile(File(folder, "none.tflite")) }
        assertReason(Reason.NotAModel) { openBytes("text".toByteArray()) }
        assertReason(Reason.NotAModel) { openBytes(whole.copyOf(whole.size / 2)) }
        assertReason(Reason.Damaged) { openBytes(whole.copyOf().also { it[whole.size / 2] = (it[whole.size / 2] + 1).toByte() }) }
    }

    @Test
    fun `texts and calls that a model does not take`() {
        open("classify").use { model ->
            assertReason(Reason.WrongTask(Task.CLASSIFY, Task.EMBED)) { model.embed("x") }
            assertReason(Reason.LoneSurrogate(4)) { model.classify("card\uD83D") }
            assertReason(Reason.WrongArgument("stride")) { model.classify("x", stride = 3) }
            model.close()
            assertReason(Reason.Closed) { model.classify("x") }
        }
        open("fill-mask").use { model ->
            assertReason(Reason.NoMask) { model.fillMask("x") }
            assertReason(Reason.MasksCutOff(1, model.maxLength)) { model.fillMask("a ".repeat(model.maxLength) + "[MASK]") }
        }
        open("embed-prompts").use { model ->
            assertReason(Reason.UnknownPrompt("title", setOf("query", "passage"))) { model.embed("x", prompt = "title") }
        }
    }

    private fun openBytes(bytes: ByteArray) = EdgebertModel.fromFile(File(folder, "model.tflite").apply { writeBytes(bytes) })

    private fun open(name: String) = EdgebertModel.fromFile(File(MADE, "$name.tflite"))

    private fun assertReason(expected: Reason, action: () -> Unit) =
        assertEquals(expected, assertThrows(EdgebertException::class.java) { action() }.reason)
}
