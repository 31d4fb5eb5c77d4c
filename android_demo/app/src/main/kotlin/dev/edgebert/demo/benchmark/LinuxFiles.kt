package dev.edgebert.demo.benchmark

import java.io.File
import java.io.IOException

/** Reads what Linux tells in /proc and /sys; much of it is closed to apps, and then it is null or empty. */
class LinuxFiles(private val root: File = File("/")) {
    fun text(path: String): String =
        try {
            File(root, path).inputStream().use { String(it.readNBytesOrLess(MOST_BYTES), Charsets.UTF_8) }.trim()
        } catch (_: IOException) {
            ""
        } catch (_: SecurityException) {
            ""
        }

    fun number(path: String): Long? = text(path).toLongOrNull()

    fun names(path: String): List<String> = File(root, path).list().orEmpty().sorted()

    private fun java.io.InputStream.readNBytesOrLess(most: Int): ByteArray {
        val buffer = ByteArray(most)
        var length = 0
        while (length < most) {
            val count = read(buffer, length, most - length)
            if (count < 0) break
            length += count
        }
        return buffer.copyOf(length)
    }

    private companion object {
        const val MOST_BYTES = 4 shl 20
    }
}
