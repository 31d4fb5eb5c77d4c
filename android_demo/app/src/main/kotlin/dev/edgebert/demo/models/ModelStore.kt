package dev.edgebert.demo.models

import android.content.Context
import android.net.Uri
import android.provider.OpenableColumns
import dev.edgebert.demo.AppException
import dev.edgebert.demo.Problem
import java.io.File
import java.io.IOException
import java.io.InputStream

/** The models of the app: those in its APK, and those its user picked. */
class ModelStore(private val context: Context) {
    private val folder get() = File(context.filesDir, "models")

    /** All models; those of the APK first. */
    fun list(): List<ModelSource> {
        val assets = context.assets.list(ASSETS).orEmpty().filter { it.endsWith(ENDING) }.sorted()
        val files = folder.listFiles { file -> file.name.endsWith(ENDING) }.orEmpty().sorted()
        return assets.map { AssetModel("$ASSETS/$it") } + files.map { FileModel(it) }
    }

    /**
     * Copies a document that the user picked, which may lie anywhere, to where it can be mapped into memory.
     *
     * @param copying told how many bytes of how many are copied; null where the other app does not say how many
     * @param check throws where the copy is no model; then it is not kept
     * @throws AppException it cannot be copied
     */
    fun import(uri: Uri, copying: (Long, Long?) -> Unit = { _, _ -> }, check: (ModelSource) -> Unit): ModelSource {
        val (title, size) = provided(UNNAMED) { describe(uri) }
        val name = cleanName(title)
        var copy: File? = null
        try {
            // A name of its own: the same document may be picked twice in a row. Android clears this folder where need be.
            val part = File.createTempFile("picked", ENDING, context.cacheDir).also { copy = it }
            val stream = provided(name) { context.contentResolver.openInputStream(uri) } ?: throw IOException("it is gone")
            stream.use { from -> copyTo(part, from) { copying(it, size) } }
            check(FileModel(part))
            return FileModel(keep(part, name))
        } catch (error: IOException) {
            throw AppException(Problem.OfApp.NOT_COPIED, "$name: cannot be copied: ${error.message}", error)
        } finally {
            copy?.delete()
        }
    }

    /** Deletes a model that the user picked, and what is taught to it; one that is open stays readable until it is closed. */
    fun delete(model: FileModel) {
        if (!model.file.delete()) throw AppException(Problem.OfApp.UNREADABLE, "${model.name}: cannot be deleted")
        taughtFile(model).delete()
    }

    /** Where what is taught to a model lies: by name, so that a model that came in the place of another is noticed. */
    fun taughtFile(model: ModelSource): File {
        val folder = File(context.filesDir, "taught/${model.id.substringBefore(':')}")
        folder.mkdirs()
        return File(folder, "${model.name}.taught")
    }

    /** What another app's provider gives; what it throws ends up here, whatever it is. */
    private fun <T> provided(name: String, ask: () -> T): T = try {
        ask()
    } catch (error: SecurityException) {
        throw AppException(Problem.OfApp.NO_PERMISSION, "$name: no permission to read it", error)
    } catch (error: RuntimeException) {
        val said = error.message.orEmpty().lineSequence().first()
        throw AppException(Problem.OfApp.PROVIDER_FAILED, "$name: the app that keeps it cannot give it: $said", error)
    }

    /** Puts a file among the models. */
    @Synchronized
    private fun keep(copy: File, name: String): File {
        folder.mkdirs()
        return free(name).also { if (!copy.renameTo(it)) throw IOException("cannot be renamed") }
    }

    /** A file that is not there yet: one that a model is open from is never written over. */
    private fun free(name: String): File = generateSequence(1) { it + 1 }
        .map { File(folder, if (it == 1) name else "${name.removeSuffix(ENDING)}-$it$ENDING") }
        .first { !it.exists() }

    private fun copyTo(copy: File, from: InputStream, copying: (Long) -> Unit) {
        val most = copy.usableSpace - SPARE_BYTES
        val buffer = ByteArray(1 shl 16)
        var written = 0L
        copy.outputStream().use { to ->
            while (true) {
                val count = from.read(buffer)
                if (count < 0) return
                written += count
                if (written > most) throw AppException(Problem.OfApp.NO_ROOM, "${copy.name}: not enough room on this device")
                to.write(buffer, 0, count)
                copying(written)
            }
        }
    }

    /** Name and size of a document, as far as the app that keeps it tells them. */
    private fun describe(uri: Uri): Pair<String?, Long?> =
        context.contentResolver.query(uri, arrayOf(OpenableColumns.DISPLAY_NAME, OpenableColumns.SIZE), null, null, null)?.use { row ->
            if (!row.moveToFirst()) return@use null
            val (name, size) = listOf(OpenableColumns.DISPLAY_NAME, OpenableColumns.SIZE).map(row::getColumnIndex)
            val title = if (name < 0) null else row.getString(name)
            title to (if (size < 0 || row.isNull(size)) null else row.getLong(size).takeIf { it > 0 })
        } ?: (null to null)

    companion object {
        private const val ASSETS = "models"
        private const val ENDING = ".tflite"
        private const val UNNAMED = "the picked file"
        private const val SPARE_BYTES = 32L shl 20
        private const val LONGEST_NAME = 80

        /** A file name without path or odd characters, whatever another app calls its document. */
        fun cleanName(name: String?): String {
            val stem = name.orEmpty().removeSuffix(ENDING).replace(Regex("[^\\w.-]+"), "_").trim('_', '.')
            return stem.take(LONGEST_NAME).ifEmpty { "model" } + ENDING
        }
    }
}
