package dev.edgebert.demo.benchmark

import android.content.ContentProvider
import android.content.ContentValues
import android.content.Context
import android.database.Cursor
import android.database.MatrixCursor
import android.net.Uri
import android.os.ParcelFileDescriptor
import android.provider.OpenableColumns
import java.io.File
import java.io.FileNotFoundException

/** Gives reports, read-only, to the apps that the user shares them with. */
class ReportProvider : ContentProvider() {
    override fun onCreate(): Boolean = true

    override fun getType(uri: Uri): String = TYPE

    override fun openFile(uri: Uri, mode: String): ParcelFileDescriptor {
        if (mode != "r") throw FileNotFoundException("reports are read-only")
        return ParcelFileDescriptor.open(file(uri), ParcelFileDescriptor.MODE_READ_ONLY)
    }

    override fun query(uri: Uri, projection: Array<String>?, selection: String?, arguments: Array<String>?, order: String?): Cursor {
        val file = file(uri)
        val columns = projection ?: arrayOf(OpenableColumns.DISPLAY_NAME, OpenableColumns.SIZE)
        return MatrixCursor(columns).apply {
            addRow(columns.map { mapOf(OpenableColumns.DISPLAY_NAME to file.name, OpenableColumns.SIZE to file.length())[it] })
        }
    }

    override fun insert(uri: Uri, values: ContentValues?): Uri? = null

    override fun update(uri: Uri, values: ContentValues?, selection: String?, arguments: Array<String>?): Int = 0

    override fun delete(uri: Uri, selection: String?, arguments: Array<String>?): Int = 0

    private fun file(uri: Uri): File {
        val name = uri.lastPathSegment.orEmpty()
        return folder(requireNotNull(context)).listFiles().orEmpty().firstOrNull { it.name == name } ?: throw FileNotFoundException("no report $name")
    }

    companion object {
        const val TYPE = "application/json"
        private const val AUTHORITY = "dev.edgebert.demo.reports"

        /** Writes the report of the last benchmark, and gives the address that other apps read it by. */
        fun keep(context: Context, name: String, content: String): Uri {
            folder(context).apply { deleteRecursively() }.mkdirs()
            File(folder(context), name).writeText(content)
            return Uri.Builder().scheme("content").authority(AUTHORITY).appendPath(name).build()
        }

        private fun folder(context: Context) = File(context.filesDir, "reports")
    }
}
