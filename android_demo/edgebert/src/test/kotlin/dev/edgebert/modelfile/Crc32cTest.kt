package dev.edgebert.modelfile

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Test
import java.nio.ByteBuffer
import kotlin.random.Random

class Crc32cTest {
    @Test
    fun `known checksums`() {
        // RFC 3720, B.4, and the check value of the catalogue of CRCs.
        val known = mapOf(
            "123456789".toByteArray() to 0xE3069283L,
            ByteArray(32) to 0x8A9136AAL,
            ByteArray(32) { -1 } to 0x62A8AB43L,
            ByteArray(32) { it.toByte() } to 0x46DD794EL,
        )
        for ((bytes, expected) in known) {
            assertEquals(expected, crc32c(ByteBuffer.wrap(bytes), SlicingCrc32c()))
            assertEquals(expected, crc32c(ByteBuffer.wrap(bytes)))
        }
    }

    @Test
    fun `both ways give the same, from any start and for any length`() {
        val bytes = Random(0).nextBytes(300_000)
        for ((start, end) in listOf(0 to 300_000, 1 to 65_540, 3 to 10, 7 to 7, 0 to 65_536)) {
            val some = ByteBuffer.wrap(bytes, start, end - start)
            assertEquals(crc32c(some), crc32c(some, SlicingCrc32c()))
        }
    }

    @Test
    fun `what it costs for a file of 23 MB`() {
        val file = ByteBuffer.allocateDirect(23_000_000)
        for ((name, checksum) in mapOf("of the platform" to { null }, "of our own" to { SlicingCrc32c() })) {
            val times = (1..10).map {
                val start = System.nanoTime()
                checksum()?.let { crc32c(file, it) } ?: crc32c(file)
                (System.nanoTime() - start) / 1e6
            }
            println("CRC-32C of 23 MB, %s: first %.1f ms, least of 10 %.1f ms".format(name, times[0], times.min()))
        }
    }
}
