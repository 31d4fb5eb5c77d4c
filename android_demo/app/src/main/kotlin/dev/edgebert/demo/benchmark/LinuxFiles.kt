package dev.edgebert.demo.benchmark

import java.io.ByteArrayOutputStream
import java.io.File
import java.io.IOException
import java.io.InputStream

/** Reads what Linux tells in /proc and /sys; much of it is closed to apps, and then it is null or empty. */
class LinuxFiles(private val root: File = File("/")) {
    fun text(path: String): String =
        try {
            File(root, path).inputStream().use { String(it.readAtMost(MOST_BYTES), Charsets.UTF_8) }.trim()
        } catch (_: IOException) {
            ""
        } catch (_: SecurityException) {
            ""
        }

    fun number(path: String): Long? = text(path).toLongOrNull()

    fun names(path: String): List<String> = File(root, path).list().orEmpty().sorted()

    /** Sizes of such files are not known before they are read. */
    private fun InputStream.readAtMost(most: Int): ByteArray {
        val content = ByteArrayOutputStream()
        val buffer = ByteArray(1 shl 16)
        while (content.size() < most) {
            val count = read(buffer)
            if (count < 0) break
            content.write(buffer, 0, count)
        }
        return content.toByteArray()
    }

    private companion object {
        const val MOST_BYTES = 16 shl 20
    }
}
