package dev.edgebert.modelfile

import java.nio.ByteBuffer
import java.util.zip.Checksum

/** The CRC-32C (Castagnoli) of a buffer, from its position to its limit. */
internal fun crc32c(bytes: ByteBuffer, checksum: Checksum = platformCrc32c() ?: SlicingCrc32c()): Long {
    val left = bytes.duplicate()
    val some = ByteArray(minOf(SOME, left.remaining()))
    while (left.hasRemaining()) {
        val count = minOf(some.size, left.remaining())
        left.get(some, 0, count)
        checksum.update(some, 0, count)
    }
    return checksum.value
}

/** Java 9 and Android 14 have one of their own, as quick as the processor; older ones have none. */
private fun platformCrc32c(): Checksum? = try {
    Class.forName("java.util.zip.CRC32C").getDeclaredConstructor().newInstance() as Checksum
} catch (_: ReflectiveOperationException) {
    null
}

private const val SOME = 1 shl 16

/** The polynomial, its bits in reverse. */
private const val CASTAGNOLI = 0x82F63B78.toInt()

/** Eight bytes at a time: Kounavis and Berry, "Novel Table Lookup-Based Algorithms for High-Performance CRC" (2008). */
internal class SlicingCrc32c : Checksum {
    private var state = -1

    override fun update(byte: Int) {
        state = TABLE[(state xor byte) and 0xFF] xor (state ushr 8)
    }

    override fun update(bytes: ByteArray, offset: Int, length: Int) {
        var at = offset
        val end = offset + length
        var crc = state
        while (end - at >= 8) {
            val low = crc xor int(bytes, at)
            val high = int(bytes, at + 4)
            crc = TABLE[0x700 + (low and 0xFF)] xor TABLE[0x600 + (low ushr 8 and 0xFF)] xor
                TABLE[0x500 + (low ushr 16 and 0xFF)] xor TABLE[0x400 + (low ushr 24)] xor
                TABLE[0x300 + (high and 0xFF)] xor TABLE[0x200 + (high ushr 8 and 0xFF)] xor
                TABLE[0x100 + (high ushr 16 and 0xFF)] xor TABLE[high ushr 24]
            at += 8
        }
        state = crc
        while (at < end) update(bytes[at++].toInt())
    }

    override fun getValue(): Long = state.inv().toLong() and 0xFFFF_FFFFL

    override fun reset() {
        state = -1
    }

    private companion object {
        /** At 256 n + b: what the byte b does to the checksum when n bytes follow it. */
        val TABLE = IntArray(8 * 256).also { table ->
            for (byte in 0..255) {
                table[byte] = (0 until 8).fold(byte) { crc, _ -> (crc ushr 1) xor (if (crc and 1 == 1) CASTAGNOLI else 0) }
            }
            for (at in 256 until table.size) {
                val before = table[at - 256]
                table[at] = table[before and 0xFF] xor (before ushr 8)
            }
        }

        fun int(bytes: ByteArray, at: Int): Int = (bytes[at].toInt() and 0xFF) or
            (bytes[at + 1].toInt() and 0xFF shl 8) or (bytes[at + 2].toInt() and 0xFF shl 16) or
            (bytes[at + 3].toInt() shl 24)
    }
}
