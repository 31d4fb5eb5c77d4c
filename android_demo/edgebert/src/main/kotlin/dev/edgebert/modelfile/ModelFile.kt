package dev.edgebert.modelfile

import dev.edgebert.EdgebertException
import dev.edgebert.Reason
import java.nio.ByteBuffer
import java.nio.charset.CharacterCodingException
import java.nio.charset.StandardCharsets

/**
 * What a converted file tells about itself.
 *
 * @property vocabulary word pieces; the index is the id.
 */
internal class ModelFile(val record: Record, val vocabulary: List<String>)

private const val RECORD_FILE = "edgebert.json"
private const val VOCABULARY_FILE = "vocab.txt"

// More than any BERT needs; a hostile file cannot make us allocate beyond them.
private const val LARGEST_RECORD = 16L shl 20
private const val LARGEST_VOCABULARY = 64L shl 20

/** "TFL3", where a flatbuffer has its identifier. */
private val IDENTIFIER = byteArrayOf(0x54, 0x46, 0x4C, 0x33)

/**
 * Reads record and vocabulary of a file that edgebert wrote; the file itself is not copied.
 *
 * @param name of the file, for messages.
 * @throws EdgebertException no TFLite file, one without edgebert's record, of a newer format, or damaged.
 */
internal fun readModelFile(file: ByteBuffer, name: String): ModelFile {
    if (!IDENTIFIER.indices.all { it + 4 < file.limit() && file.get(it + 4) == IDENTIFIER[it] }) {
        throw EdgebertException(Reason.NotAModel, "$name: not a TFLite file (a file made by edgebert convert is needed)")
    }
    return try {
        val zip = StoredZip(file)
        val record = parseRecord(decode(zip.content(RECORD_FILE, LARGEST_RECORD), "record"))
        record.graphCrc32c?.let { checkUnchanged(file, zip, it) }
        val vocabulary = decode(zip.content(VOCABULARY_FILE, LARGEST_VOCABULARY), "vocabulary")
        check(record, vocabulary.split("\n").dropLast(1))
    } catch (error: NoStoredZipException) {
        throw EdgebertException(
            Reason.NotAModel,
            "$name: a TFLite file, but not one that edgebert wrote, or damaged (${error.message}); " +
                "make one with: edgebert convert",
        )
    } catch (error: EdgebertException) {
        throw EdgebertException(error.reason, "$name: ${error.message}")
    }
}

private fun check(record: Record, vocabulary: List<String>): ModelFile {
    if (vocabulary.size != record.model.vocabSize) {
        throw EdgebertException(
            Reason.Damaged,
            "damaged: ${vocabulary.size} word pieces where the model has ${record.model.vocabSize}",
        )
    }
    return ModelFile(record, vocabulary)
}

private fun decode(bytes: ByteBuffer, what: String): String = try {
    StandardCharsets.UTF_8.newDecoder().decode(bytes).toString()
} catch (_: CharacterCodingException) {
    throw EdgebertException(Reason.Damaged, "damaged: the $what is not UTF-8")
}
