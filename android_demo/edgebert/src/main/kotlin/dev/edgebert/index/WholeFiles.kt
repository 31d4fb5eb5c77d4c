package dev.edgebert.index

import dev.edgebert.EdgebertException
import dev.edgebert.Reason
import java.io.DataOutputStream
import java.io.File
import java.io.IOException

/**
 * Writes a file in place of any that is there, whole or not at all.
 *
 * @throws EdgebertException it cannot be written; what was there stays.
 */
internal fun writeWhole(file: File, write: (DataOutputStream) -> Unit) {
    val part = File(file.path + ".part")
    try {
        DataOutputStream(part.outputStream().buffered()).use(write)
        if (!part.renameTo(file)) throw IOException("cannot be renamed")
    } catch (error: IOException) {
        throw EdgebertException(Reason.Unwritable, "$file: cannot be written: ${error.message}", error)
    } finally {
        part.delete()
    }
}
