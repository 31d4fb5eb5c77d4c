package dev.edgebert.modelfile

import dev.edgebert.EdgebertException
import dev.edgebert.Reason
import java.nio.Buffer
import java.nio.ByteBuffer

/** Bytes; more than any vocabulary or record has, so a hostile file cannot fill the memory. */
private const val LARGEST_ENTRY = 64L shl 20

/**
 * Finds out whether a byte of a file changed since it was written, before any runtime sees it.
 *
 * The bytes before the archive have the checksum of the record, and the archive is what [archiveBytes] writes for its
 * names and contents: docs/design.md, "The file".
 *
 * @param graphCrc32c of the record.
 * @throws EdgebertException it changed.
 * @throws NoStoredZipException its archive cannot be read.
 */
internal fun checkUnchanged(file: ByteBuffer, zip: StoredZip, graphCrc32c: Long) {
    val archive = archiveBytes(zip.names.associateWith { zip.content(it, LARGEST_ENTRY) }, zip.start)
    val (graph, rest) = file.duplicate() to file.duplicate()
    (graph as Buffer).limit(zip.start)
    (rest as Buffer).position(zip.start)
    if (rest != archive || crc32c(graph) != graphCrc32c) {
        throw EdgebertException(Reason.Damaged, "damaged: its bytes are not those that were written; copy it or convert again")
    }
}
