package dev.edgebert.index

import dev.edgebert.EdgebertException
import dev.edgebert.Reason
import java.io.ByteArrayOutputStream
import java.io.File
import java.io.IOException
import java.nio.ByteBuffer
import java.nio.charset.CharacterCodingException
import java.nio.charset.StandardCharsets
import java.security.MessageDigest

/** Longest line of a corpus, in bytes. */
private const val LONGEST_LINE = 1_000_000
private const val MOST_BYTES = 1L shl 30
private const val NEW_LINE = '\n'.code.toByte()
private val BYTE_ORDER_MARK = byteArrayOf(-17, -69, -65)

/**
 * A corpus: a text file in UTF-8 with one document a line; blank lines are none.
 *
 * @property documents by number of their line, from 1, without white space around them.
 * @property lines of the file, blank ones too.
 * @property offsets in bytes, of the lines of all documents.
 */
internal class Corpus(val documents: Map<Int, String>, val lines: Int, val offsets: Map<Int, Long>, val sha256: ByteArray)

/**
 * Reads a corpus as Python's `edgebert.semantic_search.corpus` does: only `\n` ends a line.
 *
 * @throws EdgebertException it cannot be read, a line is too long or not UTF-8.
 */
internal fun readCorpus(file: File): Corpus {
    val bytes = try {
        if (file.length() > MOST_BYTES) throw IOException("larger than 1 GB")
        file.readBytes()
    } catch (error: IOException) {
        throw EdgebertException(Reason.Unreadable, "$file: cannot read: ${error.message}", error)
    }
    val documents = LinkedHashMap<Int, String>()
    val offsets = HashMap<Int, Long>()
    var number = 0
    var start = 0
    while (start < bytes.size) {
        var end = start
        while (end < bytes.size && bytes[end] != NEW_LINE) end++
        number++
        val document = stripped(decode(bytes, start, end, file, number))
        if (document.isNotEmpty()) {
            documents[number] = document
            offsets[number] = start.toLong()
        }
        start = end + 1
    }
    return Corpus(documents, number, offsets, sha256(bytes))
}

/** A corpus of these documents by line, and its bytes. */
internal fun corpusOf(documents: Map<Int, String>, lines: Int): Pair<Corpus, ByteArray> {
    val text = ByteArrayOutputStream()
    val offsets = HashMap<Int, Long>()
    for (line in 1..lines) {
        val document = documents[line]
        if (document != null) {
            offsets[line] = text.size().toLong()
            text.write(document.toByteArray())
        }
        text.write('\n'.code)
    }
    val bytes = text.toByteArray()
    return Corpus(documents, lines, offsets, sha256(bytes)) to bytes
}

/**
 * A text as a line of a corpus has it: line ends are spaces, and none stand around it.
 *
 * @throws EdgebertException it is longer than a line may be.
 */
internal fun documentOf(text: String): String {
    val document = stripped(text.replace('\n', ' ').replace('\r', ' '))
    // A character takes three bytes at most.
    if (document.length > LONGEST_LINE / 3 && document.toByteArray().size >= LONGEST_LINE) {
        throw EdgebertException(Reason.WrongArgument("text"), "a document is longer than $LONGEST_LINE bytes; cut it up")
    }
    return document
}

internal fun sha256(bytes: ByteArray): ByteArray = MessageDigest.getInstance("SHA-256").digest(bytes)

/** Without what Python's `str.strip` takes away. */
private fun stripped(text: String) = text.trim { it.isWhitespace() || it == '\u0085' }

private fun decode(bytes: ByteArray, start: Int, end: Int, file: File, line: Int): String {
    val isMarked = line == 1 && BYTE_ORDER_MARK.indices.all { start + it < end && bytes[start + it] == BYTE_ORDER_MARK[it] }
    val first = if (isMarked) start + BYTE_ORDER_MARK.size else start
    if (end - start > LONGEST_LINE) {
        throw EdgebertException(Reason.WrongCorpus(line), "$file, line $line: longer than $LONGEST_LINE bytes")
    }
    return try {
        StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes, first, end - first)).toString()
    } catch (error: CharacterCodingException) {
        throw EdgebertException(Reason.WrongCorpus(line), "$file, line $line: not UTF-8; convert the file to UTF-8", error)
    }
}
