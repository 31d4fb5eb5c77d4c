package dev.edgebert.index

import dev.edgebert.EdgebertException
import dev.edgebert.IndexFault
import dev.edgebert.Reason
import java.io.DataOutputStream
import java.io.File
import java.io.IOException
import java.io.RandomAccessFile
import java.nio.Buffer
import java.nio.ByteBuffer
import java.nio.ByteOrder
import java.nio.channels.FileChannel

/**
 * What an index was made of: SHA-256 of the model file, the corpus, and the prompt before each document (zeros: none).
 */
internal class Fingerprints(val model: ByteArray, val corpus: ByteArray, val prompt: ByteArray)

/** A document's vector, the byte of the corpus where its line begins, and the line's number from 1. */
internal class IndexEntry(val vector: Direction, val offset: Long, val line: Long)

/** An index in memory. */
internal class IndexFile(val made: Fingerprints, val width: Int, val entries: List<IndexEntry>)

/*
 * The file, little-endian, as edgebert/semantic_search/index_file.py has it:
 *
 *   header    128 bytes: magic, u32 version, u32 width H, u64 count n, the three fingerprints
 *   vectors   int8 [n, H]
 *   padding   to a multiple of 8
 *   places    u64 [n, 2]: offset in the corpus and number of the line
 *   scales    float32 [n]
 */
internal const val FINGERPRINT_BYTES = 32
private val MAGIC = "EDGEBIDX".toByteArray()
private const val VERSION = 1
private const val HEADER_BYTES = 128
private const val PACKED_BYTES = 24 + 3 * FINGERPRINT_BYTES
private const val WIDEST = 1 shl 16

/** Where places and scales begin, and where the file ends. */
private class Layout(count: Long, width: Int) {
    val places = (HEADER_BYTES + count * width + 7) / 8 * 8
    val scales = places + 16 * count
    val end = scales + 4 * count
}

/**
 * Reads an index; nothing is believed of a file before its size fits its header.
 *
 * @throws EdgebertException it cannot be read, is no index, of another version, or damaged.
 */
internal fun readIndex(file: File): IndexFile {
    val bytes = try {
        RandomAccessFile(file, "r").use { it.channel.map(FileChannel.MapMode.READ_ONLY, 0, it.length()) }
    } catch (error: IOException) {
        throw EdgebertException(Reason.Unreadable, "$file: cannot read: ${error.message}", error)
    } catch (error: IllegalArgumentException) {
        throw EdgebertException(Reason.Unreadable, "$file: cannot read: larger than 2 GB", error)
    }
    return parse(bytes.order(ByteOrder.LITTLE_ENDIAN), file)
}

private fun parse(bytes: ByteBuffer, file: File): IndexFile {
    if (bytes.limit() < PACKED_BYTES || !MAGIC.contentEquals(bytes.take(MAGIC.size))) {
        throw fault(file, IndexFault.NOT_AN_INDEX, "no index of edgebert's; name another file")
    }
    val version = bytes.getInt()
    if (version != VERSION) throw fault(file, IndexFault.TOO_NEW, "an index of version $version, this library reads $VERSION")
    val width = bytes.getInt()
    val count = bytes.getLong()
    val made = Fingerprints(bytes.take(FINGERPRINT_BYTES), bytes.take(FINGERPRINT_BYTES), bytes.take(FINGERPRINT_BYTES))
    if (width !in 1..WIDEST || count !in 1..bytes.limit()) throw damaged(file, "$count vectors of $width values")
    val layout = Layout(count, width)
    if (layout.end != bytes.limit().toLong()) throw damaged(file, "${bytes.limit()} bytes in place of ${layout.end}")
    (bytes as Buffer).position(HEADER_BYTES)
    val vectors = List(count.toInt()) { bytes.take(width) }
    return IndexFile(
        made,
        width,
        vectors.mapIndexed { at, values ->
            val place = (layout.places + 16L * at).toInt()
            val scale = bytes.getFloat((layout.scales + 4L * at).toInt())
            if (!(scale >= 0 && scale <= Float.MAX_VALUE)) throw damaged(file, "a scale is $scale")
            IndexEntry(Direction(values, scale), bytes.getLong(place), bytes.getLong(place + 8))
        },
    )
}

/** Writes an index. */
internal fun writeIndex(output: DataOutputStream, made: Fingerprints, width: Int, entries: List<IndexEntry>) {
    val layout = Layout(entries.size.toLong(), width)
    val header = little(HEADER_BYTES).put(MAGIC).putInt(VERSION).putInt(width).putLong(entries.size.toLong())
    output.write(header.put(made.model).put(made.corpus).put(made.prompt).array())
    entries.forEach { output.write(it.vector.values) }
    repeat((layout.places - output.size()).toInt()) { output.write(0) }
    entries.forEach { output.write(little(16).putLong(it.offset).putLong(it.line).array()) }
    entries.forEach { output.write(little(4).putFloat(it.vector.scale).array()) }
}

internal fun fault(file: File, fault: IndexFault, what: String) =
    EdgebertException(Reason.WrongIndex(fault), "$file: $what")

internal fun damaged(file: File, what: String) =
    fault(file, IndexFault.DAMAGED, "damaged index: $what; delete it to have it made anew")

private fun little(size: Int): ByteBuffer = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN)

private fun ByteBuffer.take(size: Int) = ByteArray(size).also { get(it) }
