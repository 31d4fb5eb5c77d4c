package dev.edgebert.modelfile

import java.nio.Buffer
import java.nio.ByteBuffer
import java.nio.ByteOrder
import java.nio.charset.StandardCharsets
import java.util.zip.CRC32

/**
 * The zip part of a file that has [offset] bytes before it: entries are stored, all else is fixed, so that the same
 * files give the same bytes (docs/design.md, "The file").
 *
 * @param files by name, each from its position to its limit.
 */
internal fun archiveBytes(files: Map<String, ByteBuffer>, offset: Int): ByteBuffer {
    val names = files.keys.associateWith { it.toByteArray() }
    val size = files.entries.sumOf { (name, content) ->
        StoredZip.LOCAL_SIZE + StoredZip.ENTRY_SIZE + 2 * names.getValue(name).size + content.remaining()
    }
    val archive = ByteBuffer.allocate(size + StoredZip.END_SIZE).order(ByteOrder.LITTLE_ENDIAN)
    val directory = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN)
    for ((name, content) in files) {
        val title = names.getValue(name)
        val crc = CRC32().apply { update(content.duplicate()) }.value.toInt()
        fun ByteBuffer.facts() = shorts(0, 0, 0, FIRST_DAY).ints(crc, content.remaining(), content.remaining()).shorts(title.size, 0)
        val at = offset + archive.position()
        archive.ints(StoredZip.LOCAL_SIGNATURE.toInt()).shorts(VERSION).facts().put(title).put(content.duplicate())
        directory.ints(StoredZip.ENTRY_SIGNATURE.toInt()).shorts(UNIX or VERSION, VERSION).facts()
            .shorts(0, 0, 0).ints(OWNERS_FILE, at).put(title)
    }
    val start = offset + archive.position()
    val length = directory.position()
    archive.put(directory.array(), 0, length)
    archive.ints(StoredZip.END_SIGNATURE.toInt()).shorts(0, 0, files.size, files.size).ints(length, start).shorts(0)
    (archive as Buffer).flip()
    return archive
}

/** 1 January 1980; version 2.0 of the format, made on Unix; a file that its owner reads and writes. */
private const val FIRST_DAY = 0x21
private const val VERSION = 20
private const val UNIX = 3 shl 8
private const val OWNERS_FILE = 384 shl 16

private fun ByteBuffer.shorts(vararg values: Int) = apply { values.forEach { putShort(it.toShort()) } }

private fun ByteBuffer.ints(vararg values: Int) = apply { values.forEach { putInt(it) } }

/** There is no zip, it is damaged, or it is not one of edgebert's; the message says which. */
internal class NoStoredZipException(message: String) : Exception(message)

/**
 * The zip behind a model, read in place.
 *
 * Only entries that are stored as they are count: no compression, no encryption, no zip64. Format: PKWARE's
 * APPNOTE.TXT, sections 4.3.7, 4.3.12 and 4.3.16. (java.util.zip.ZipFile wants a file of its own, which an asset
 * of an app is not.)
 *
 * @param file the whole file, whatever stands before the zip.
 * @throws NoStoredZipException there is no zip, or its directory is damaged.
 */
internal class StoredZip(file: ByteBuffer) {
    private class Entry(val flags: Int, val method: Int, val crc: Long, val size: Long, val offset: Long)

    // A view of its own: positions and byte order are not shared.
    private val bytes: ByteBuffer = file.duplicate().order(ByteOrder.LITTLE_ENDIAN)
    private val size = bytes.limit().toLong()
    private val entries: Map<String, Entry> = directory()

    /** In the order of the directory. */
    val names: Set<String> get() = entries.keys

    /** Where the first entry begins. */
    val start: Int get() = (entries.values.minOfOrNull { it.offset } ?: 0L).toInt()

    /**
     * An entry's bytes, not copied.
     *
     * @param limit most bytes it may have.
     * @throws NoStoredZipException it is missing, too large, compressed or damaged.
     */
    fun content(name: String, limit: Long): ByteBuffer {
        val entry = entries[name] ?: throw NoStoredZipException("it has no $name")
        if (entry.method != 0 || entry.flags and ENCRYPTED != 0 || entry.size > limit) {
            throw NoStoredZipException("its $name is compressed, encrypted or too large")
        }
        if (u32(entry.offset) != LOCAL_SIGNATURE) throw damaged()
        val start = entry.offset + LOCAL_SIZE + u16(entry.offset + 26) + u16(entry.offset + 28)
        val found = slice(start, entry.size)
        if (crc(found) != entry.crc) throw NoStoredZipException("its $name is damaged")
        return found
    }

    private fun directory(): Map<String, Entry> {
        val end = findEnd()
        val length = u32(end + 12)
        val offset = u32(end + 16)
        if (length > LARGEST_DIRECTORY || offset + length > size) throw damaged()
        val found = LinkedHashMap<String, Entry>()
        var at = offset
        repeat(u16(end + 10)) {
            if (u32(at) != ENTRY_SIGNATURE) throw damaged()
            val nameSize = u16(at + 28)
            val name = StandardCharsets.UTF_8.decode(slice(at + ENTRY_SIZE, nameSize.toLong())).toString()
            found[name] = Entry(u16(at + 8), u16(at + 10), u32(at + 16), u32(at + 24), u32(at + 42))
            at += ENTRY_SIZE + nameSize + u16(at + 30) + u16(at + 32)
        }
        // Thousands of entries could else name the same bytes, and be read one after the other.
        if (found.values.sumOf { if (it.method == 0) it.size else 0L } > size) throw damaged()
        return found
    }

    /** Where the end record begins; a comment may follow it. */
    private fun findEnd(): Long {
        val first = maxOf(0, size - END_SIZE - LONGEST_COMMENT)
        return (size - END_SIZE downTo first).find { u32(it) == END_SIGNATURE }
            ?: throw NoStoredZipException("it holds no zip")
    }

    private fun slice(start: Long, length: Long): ByteBuffer {
        if (start + length > size) throw damaged()
        val view = bytes.duplicate()
        (view as Buffer).position(start.toInt()).limit((start + length).toInt())
        return view.slice()
    }

    private fun crc(content: ByteBuffer): Long = CRC32().apply { update(content.duplicate()) }.value

    private fun u16(at: Long): Int {
        if (at + 2 > size) throw damaged()
        return bytes.getShort(at.toInt()).toInt() and 0xFFFF
    }

    private fun u32(at: Long): Long {
        if (at + 4 > size) throw damaged()
        return bytes.getInt(at.toInt()).toLong() and 0xFFFF_FFFFL
    }

    private fun damaged() = NoStoredZipException("its zip is damaged")

    companion object {
        const val END_SIGNATURE = 0x06054B50L
        const val ENTRY_SIGNATURE = 0x02014B50L
        const val LOCAL_SIGNATURE = 0x04034B50L
        const val END_SIZE = 22
        const val ENTRY_SIZE = 46
        const val LOCAL_SIZE = 30
        private const val ENCRYPTED = 1
        private const val LONGEST_COMMENT = 0xFFFF
        private const val LARGEST_DIRECTORY = 1L shl 20
    }
}
