package dev.edgebert.demo

import java.io.File
import java.nio.ByteBuffer
import java.nio.ByteOrder
import java.util.zip.CRC32

/** Models that tests run, and models that are broken in one way each. */
object TestFiles {
    val repository = File(requireNotNull(System.getProperty("edgebert.repository")))
    val output = File(requireNotNull(System.getProperty("edgebert.output")))
    private val LOCAL = byteArrayOf(0x50, 0x4b, 3, 4)
    private val CENTRAL = byteArrayOf(0x50, 0x4b, 1, 2)
    private const val LOCAL_SIZE = 30
    private const val CENTRAL_SIZE = 46
    private val data = File(requireNotNull(System.getProperty("edgebert.test.data")))

    /** A small converted model, by what it was made for. */
    fun model(name: String): File =
        File(data, "$name.tflite").also { check(it.exists()) { "$it is missing: python -m tools.fixtures.make_android_test_data" } }

    fun truncated(): ByteArray = model("classify").readBytes().let { it.copyOf(it.size / 2) }

    fun withoutVocabulary(): ByteArray = model("classify").readBytes().also { bytes ->
        val other = "vocab.old".toByteArray()
        other.copyInto(bytes, indexOf(bytes, LOCAL, "vocab.txt") + LOCAL_SIZE)
        other.copyInto(bytes, indexOf(bytes, CENTRAL, "vocab.txt") + CENTRAL_SIZE)
    }

    fun ofNewerFormat(): ByteArray = withRecord { record -> Regex("\"format\": ?1").replace(record) { it.value.replace("1", "7") } }

    fun ofUnknownTask(): ByteArray = withRecord { it.replaceFirst("\"classify\"", "\"classifx\"") }

    private fun withRecord(change: (String) -> String): ByteArray {
        val bytes = model("classify").readBytes()
        val name = "edgebert.json"
        val local = indexOf(bytes, LOCAL, name)
        val central = indexOf(bytes, CENTRAL, name)
        val header = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN)
        val size = header.getInt(local + 22)
        val start = local + LOCAL_SIZE + header.getShort(local + 26) + header.getShort(local + 28)
        val old = String(bytes, start, size)
        val new = change(old).toByteArray()
        check(new.size == size && !new.contentEquals(old.toByteArray())) { "the record is written differently now" }
        new.copyInto(bytes, start)
        val crc = CRC32().apply { update(new) }.value.toInt()
        header.putInt(local + 14, crc)
        header.putInt(central + 16, crc)
        return bytes
    }

    /** Where the header with this signature and name stands. */
    private fun indexOf(bytes: ByteArray, signature: ByteArray, name: String): Int {
        val offset = if (signature === LOCAL) LOCAL_SIZE else CENTRAL_SIZE
        val wanted = name.toByteArray()
        return bytes.indices.first { at ->
            at + offset + wanted.size <= bytes.size && signature.indices.all { bytes[at + it] == signature[it] } &&
                wanted.indices.all { bytes[at + offset + it] == wanted[it] }
        }
    }
}
