package dev.edgebert.modelfile

import dev.edgebert.EdgebertException
import dev.edgebert.Reason
import dev.edgebert.TaughtFault
import dev.edgebert.index.writeWhole
import dev.edgebert.tasks.levels
import java.io.File
import java.io.IOException
import java.util.Base64
import java.util.Locale
import java.util.zip.CRC32
import kotlin.math.abs

private const val FORMAT = 2L
internal const val MOST_LABELS = 1000
private const val LONGEST_LABEL = 100
private const val MOST_BYTES = MOST_LABELS.toLong() shl 13
private const val MOST_TEXTS = 1L shl 40

/** The same number as numpy's smallest steps: a vector is 127 of them at most. */
private const val LEVELS = 127

/**
 * A label's examples as one vector.
 *
 * @property texts how many they were.
 * @property vector base64 of int8; times [scale] it is the mean of the texts' points.
 */
internal data class TaughtLabel(val texts: Long, val scale: Double, val vector: String) {
    fun mean(): FloatArray {
        val found = checkNotNull(levels(vector))
        return FloatArray(found.size) { found[it] * scale.toFloat() }
    }

    companion object {
        fun of(mean: FloatArray, texts: Long): TaughtLabel {
            val scale = (mean.maxOf { abs(it) }.toDouble() / LEVELS).takeIf { it > 0 } ?: 1.0
            val found = ByteArray(mean.size) { Math.rint(mean[it] / scale).toInt().toByte() }
            return TaughtLabel(texts, scale, Base64.getEncoder().encodeToString(found))
        }
    }
}

/**
 * What a side file holds: edgebert/runtime/taught_file.py tells its form.
 *
 * @property labels in the order in which they were taught first.
 * @property undo what the labels of the last change were before it; null where there was none.
 */
internal class TaughtLabels(
    val model: String,
    val width: Int,
    val labels: Map<String, TaughtLabel> = emptyMap(),
    val undo: Map<String, TaughtLabel?> = emptyMap(),
) {
    /** With labels taught anew, and without those that are null. */
    fun changed(changes: Map<String, TaughtLabel?>): TaughtLabels {
        val kept = LinkedHashMap(labels)
        changes.forEach { (name, entry) -> if (entry == null) kept.remove(name) else kept[name] = entry }
        return TaughtLabels(model, width, kept, changes.mapValues { labels[it.key] })
    }
}

/**
 * Reads a side file, which may come from anywhere; one that is not there holds nothing.
 *
 * @param model fingerprint of the model that it has to be for.
 * @param width of its vectors.
 * @throws EdgebertException it cannot be read, is none, damaged, of a later version or another model.
 */
internal fun readTaught(file: File, model: String, width: Int): TaughtLabels {
    if (!file.exists()) return TaughtLabels(model, width)
    if (file.length() > MOST_BYTES) throw fault(TaughtFault.DAMAGED, "$file: too large for a file of taught labels")
    val data = try {
        file.readBytes()
    } catch (error: IOException) {
        throw EdgebertException(Reason.Unreadable, "$file: cannot read: ${error.message}", error)
    }
    val values = try {
        parseJson(data.decodeToString()) as? Map<*, *>
    } catch (_: JsonException) {
        null
    } ?: throw fault(
        TaughtFault.NOT_TAUGHT,
        "$file: no file of taught labels; if it was one, it is damaged: delete it to begin anew",
    )
    val format = values["format"] ?: FORMAT
    if (format != FORMAT) {
        throw fault(
            TaughtFault.OTHER_FORMAT,
            "$file: taught labels of format ${format.toString().take(20)}; this app reads $FORMAT: take the app that wrote it, or delete the file to begin anew",
        )
    }
    if (!data.contentEquals(sealed(data.copyOf(maxOf(data.size - sealOf(byteArrayOf()).size, 0))))) {
        throw fault(
            TaughtFault.DAMAGED,
            "$file: damaged: its bytes are not those that were written; copy it again, or delete it to begin anew",
        )
    }
    val found = try {
        Fields(values, "$file: taught labels").taught()
    } catch (error: EdgebertException) {
        throw fault(TaughtFault.DAMAGED, error.message.orEmpty())
    }
    if (found.model != model || found.width != width) {
        throw fault(
            TaughtFault.OTHER_MODEL,
            "$file: labels taught to another model (${found.model.take(20)}); this one is $model: give its own file, or teach them again",
        )
    }
    check(file, found)
    return found
}

/** Replaces a side file whole. */
internal fun writeTaught(file: File, taught: TaughtLabels) = writeWhole(file) { out ->
    val labels = taught.labels.entries.joinToString(",") { "${quoted(it.key)}:${json(it.value)}" }
    val undo = taught.undo.entries.joinToString(",") { "${quoted(it.key)}:${it.value?.let(::json)}" }
    val text = """{"model":"${taught.model}","width":${taught.width},"labels":{$labels},"undo":{$undo},"format":$FORMAT"""
    out.write(sealed(text.toByteArray()))
}

/** A side file of all its fields but the checksum, with the brace in front of them. */
internal fun sealed(fields: ByteArray): ByteArray = fields + sealOf(fields)

private fun sealOf(fields: ByteArray): ByteArray =
    ",\"crc32\":\"%08x\"}".format(Locale.ROOT, CRC32().apply { update(fields) }.value).toByteArray()

/** @throws EdgebertException it cannot be the name of a label. */
internal fun checkLabel(label: String) {
    problemOf(label)?.let { throw EdgebertException(Reason.WrongArgument("label"), it) }
}

/** Why something cannot be the name of a label; null: it can. */
private fun problemOf(label: String): String? = when {
    label.isBlank() || !label.codePoints().allMatch(::isPrintable) -> "label '${label.take(40)}': a name of printable characters is needed"
    label.codePointCount(0, label.length) > LONGEST_LABEL -> "label '${label.take(40)}…': longer than $LONGEST_LABEL characters"
    else -> null
}

/** As Python's str.isprintable: of spaces the plain one alone. */
private fun isPrintable(char: Int) = when (Character.getType(char).toByte()) {
    Character.CONTROL, Character.FORMAT, Character.SURROGATE, Character.PRIVATE_USE, Character.UNASSIGNED,
    Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR,
    -> false
    Character.SPACE_SEPARATOR -> char == ' '.code
    else -> true
}

private fun Fields.taught() = TaughtLabels(
    model = string("model"),
    width = int("width"),
    labels = fields("labels").each { label(it) },
    undo = fields("undo").each { orNull(it) { name -> label(name) } },
)

private fun Fields.label(name: String) = fields(name).run { TaughtLabel(long("texts"), double("scale"), string("vector")) }

private fun check(file: File, taught: TaughtLabels) {
    if (taught.labels.size > MOST_LABELS) {
        throw fault(TaughtFault.DAMAGED, "$file: ${taught.labels.size} labels; at most $MOST_LABELS")
    }
    for ((name, entry) in taught.labels.toList() + taught.undo.toList()) {
        problemOf(name)?.let { throw fault(TaughtFault.DAMAGED, "$file: damaged: $it") }
        if (entry == null) continue
        val good = entry.scale > 0 && entry.scale < Double.POSITIVE_INFINITY && entry.texts in 1 until MOST_TEXTS
        if (!good || levels(entry.vector)?.size != taught.width) {
            throw fault(TaughtFault.DAMAGED, "$file: damaged: label '${name.take(40)}'; delete it to begin anew")
        }
    }
}

private fun json(entry: TaughtLabel) = """{"texts":${entry.texts},"scale":${entry.scale},"vector":"${entry.vector}"}"""

private fun quoted(name: String) = "\"" + name.replace("\\", "\\\\").replace("\"", "\\\"") + "\""

private fun fault(fault: TaughtFault, message: String) = EdgebertException(Reason.WrongTaught(fault), message)
