package dev.edgebert.demo.models

import android.content.ContentProvider
import android.content.ContentValues
import android.database.Cursor
import android.database.MatrixCursor
import android.net.Uri
import android.provider.OpenableColumns
import dev.edgebert.EdgebertException
import dev.edgebert.demo.AppTest
import java.io.ByteArrayInputStream
import java.io.File
import org.junit.Assert.assertEquals
import org.junit.Assert.assertThrows
import org.junit.Assert.assertTrue
import org.junit.Test
import org.robolectric.Shadows.shadowOf
import org.robolectric.shadows.ShadowContentResolver

class ModelStoreTest : AppTest() {
    private val address = Uri.parse("content://documents/1")

    @Test
    fun `a second file of the same name is kept beside the first`() {
        provide { MatrixCursor(arrayOf(OpenableColumns.DISPLAY_NAME)).apply { addRow(arrayOf("mine.tflite")) } }
        val imported = listOf("one", "two").map { content ->
            shadowOf(app.contentResolver).registerInputStream(address, ByteArrayInputStream(content.toByteArray()))
            services.store.import(address) {}
        }
        assertEquals(listOf("mine", "mine-2"), imported.map { it.name })
        assertEquals(listOf("one", "two"), imported.map { it.stream(app).reader().readText() })
        assertEquals(listOf("mine-2.tflite", "mine.tflite", "new"), File(app.filesDir, "models").list()!!.sorted())
    }

    @Test
    fun `a provider that throws is one line`() {
        for (failure in listOf(SecurityException("no"), IllegalStateException("broken\nbadly"), NullPointerException())) {
            provide { throw failure }
            val message = assertThrows(EdgebertException::class.java) { services.store.import(address) {} }.message!!
            assertTrue(message, "pick it" in message && '\n' !in message)
        }
    }

    private fun provide(names: () -> Cursor) = ShadowContentResolver.registerProviderInternal("documents", Provider(names))

    /** An app that keeps documents. */
    private class Provider(private val names: () -> Cursor) : ContentProvider() {
        override fun onCreate() = true

        override fun query(uri: Uri, columns: Array<String>?, where: String?, values: Array<String>?, order: String?) = names()

        override fun getType(uri: Uri): String? = null

        override fun insert(uri: Uri, values: ContentValues?): Uri? = null

        override fun delete(uri: Uri, where: String?, values: Array<String>?) = 0

        override fun update(uri: Uri, row: ContentValues?, where: String?, values: Array<String>?) = 0
    }

    @Test
    fun `names of other apps become file names without a path`() {
        val cases = mapOf(
            "intents.tflite" to "intents.tflite",
            "../../databases/x" to "databases_x.tflite",
            "/sdcard/My model (1).tflite" to "sdcard_My_model_1.tflite",
            null to "model.tflite",
            "..." to "model.tflite",
            "n".repeat(500) to "n".repeat(80) + ".tflite",
        )
        for ((given, wanted) in cases) assertEquals(wanted, ModelStore.cleanName(given))
    }
}
