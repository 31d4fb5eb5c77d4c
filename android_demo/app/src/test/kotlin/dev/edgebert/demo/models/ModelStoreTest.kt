package dev.edgebert.demo.models

import android.content.ContentProvider
import android.content.ContentValues
import android.database.Cursor
import android.database.MatrixCursor
import android.net.Uri
import android.provider.OpenableColumns
import dev.edgebert.demo.AppException
import dev.edgebert.demo.AppTest
import dev.edgebert.demo.Problem
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
        assertEquals(listOf("mine-2.tflite", "mine.tflite"), File(app.filesDir, "models").list()!!.sorted())
    }

    @Test
    fun `a file that is picked again while it is copied does not touch the first copy`() {
        provide { MatrixCursor(arrayOf(OpenableColumns.DISPLAY_NAME)).apply { addRow(arrayOf("mine.tflite")) } }
        fun import(content: String, check: (ModelSource) -> Unit): ModelSource {
            shadowOf(app.contentResolver).registerInputStream(address, ByteArrayInputStream(content.toByteArray()))
            return services.store.import(address, check = check)
        }
        val first = import("one") { copied ->
            assertEquals("mine", import("another") {}.name)
            assertEquals("one", copied.stream(app).reader().readText())
        }
        assertEquals("mine-2", first.name)
        assertEquals("one", first.stream(app).reader().readText())
        assertEquals(emptyList<File>(), app.cacheDir.listFiles { file -> file.isFile }.orEmpty().toList())
    }

    @Test
    fun `copying is told in bytes, of how many where the provider says so`() {
        val told = ArrayList<Pair<Long, Long?>>()
        for (size in listOf<Any?>(3L, null)) {
            provide { MatrixCursor(arrayOf(OpenableColumns.DISPLAY_NAME, OpenableColumns.SIZE)).apply { addRow(arrayOf("a.tflite", size)) } }
            shadowOf(app.contentResolver).registerInputStream(address, ByteArrayInputStream("one".toByteArray()))
            services.store.import(address, { done, total -> told.add(done to total) }) {}
        }
        assertEquals(listOf(3L to 3L, 3L to null), told)
    }

    @Test
    fun `a provider that throws is told what it is`() {
        val failures = mapOf(
            SecurityException("no") to Problem.OfApp.NO_PERMISSION,
            IllegalStateException("broken\nbadly") to Problem.OfApp.PROVIDER_FAILED,
            NullPointerException() to Problem.OfApp.PROVIDER_FAILED,
        )
        for ((failure, problem) in failures) {
            provide { throw failure }
            val error = assertThrows(AppException::class.java) { services.store.import(address) {} }
            assertEquals(problem, error.problem)
            assertTrue(error.message!!, '\n' !in error.message!!)
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
