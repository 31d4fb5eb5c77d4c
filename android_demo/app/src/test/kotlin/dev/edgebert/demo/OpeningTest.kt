package dev.edgebert.demo

import android.net.Uri
import dev.edgebert.EdgebertException
import dev.edgebert.EdgebertModel
import dev.edgebert.Reason
import java.io.ByteArrayInputStream
import org.junit.Assert.assertEquals
import org.junit.Assert.assertThrows
import org.junit.Test
import org.robolectric.Shadows.shadowOf

/** The library's ways to a model that only Android has. */
class OpeningTest : AppTest() {
    private val document = Uri.parse("content://files/classify.tflite")

    @Test
    fun `a document that the user picked answers as the file does`() {
        provide(TestFiles.model("classify").readBytes())
        val expected = EdgebertModel.fromFile(TestFiles.model("classify")).use { it.classify("Where is my card?").value }
        EdgebertModel.fromUri(app, document).use { model ->
            assertEquals("classify.tflite", model.name)
            assertEquals(expected, model.classify("Where is my card?").value)
        }
    }

    @Test
    fun `what is no model is told apart from what is not there`() {
        provide(TestFiles.truncated())
        assertReason(Reason.NotAModel) { EdgebertModel.fromUri(app, document) }
        assertReason(Reason.Unreadable) { EdgebertModel.fromUri(app, Uri.parse("content://nowhere/x")) }
        // An asset that is compressed is read, too.
        assertReason(Reason.NotAModel) { EdgebertModel.fromAsset(app, "questions.txt") }
        assertReason(Reason.Unreadable) { EdgebertModel.fromAsset(app, "none.tflite") }
    }

    private fun provide(content: ByteArray) =
        shadowOf(app.contentResolver).registerInputStream(document, ByteArrayInputStream(content))

    private fun assertReason(expected: Reason, open: () -> Unit) =
        assertEquals(expected, assertThrows(EdgebertException::class.java) { open() }.reason)
}
