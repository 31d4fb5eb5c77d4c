package dev.edgebert.modelfile

import dev.edgebert.EdgebertException
import dev.edgebert.Reason

/**
 * A JSON object from anywhere, read field by field; fields nobody asks for are passed over.
 *
 * @param where what the object is, for messages.
 */
internal class Fields(private val values: Map<*, *>, private val where: String) {
    fun boolean(name: String): Boolean = read(name) { it as? Boolean }

    /** Whether there is such a field, and not null. */
    fun has(name: String): Boolean = values[name] != null

    fun long(name: String): Long = read(name) { it as? Long }

    fun int(name: String): Int = read(name, ::toInt)

    fun float(name: String): Float = read(name, ::toFloat)

    fun double(name: String): Double = read(name) { (it as? Number)?.toDouble() }

    fun string(name: String): String = read(name) { it as? String }

    fun ints(name: String): IntArray = list(name, ::toInt).toIntArray()

    fun floats(name: String): FloatArray = list(name, ::toFloat).toFloatArray()

    fun doubles(name: String): DoubleArray = list(name) { (it as? Number)?.toDouble() }.toDoubleArray()

    fun strings(name: String): List<String> = list(name) { it as? String }

    fun objects(name: String): List<Fields> {
        var number = 0
        return list(name) { (it as? Map<*, *>)?.let { inner -> Fields(inner, "$where.$name[${number++}]") } }
    }

    fun fields(name: String): Fields = read(name) { (it as? Map<*, *>)?.let { inner -> Fields(inner, "$where.$name") } }

    /** All fields, each with a list of whole numbers. */
    fun allInts(): Map<String, IntArray> = values.keys.associate { it as String to ints(it) }

    /** All fields, each with a string. */
    fun allStrings(): Map<String, String> = values.keys.associate { it as String to string(it) }

    /** What [read] gives for the name of each field. */
    fun <T> each(read: Fields.(String) -> T): Map<String, T> = values.keys.associate { it as String to read(it) }

    /** What [read] gives, or null where the value is null. */
    fun <T> orNull(name: String, read: Fields.(String) -> T): T? =
        if (name in values && values[name] == null) null else read(name)

    /** What [read] gives, or [default] where there is no such field. */
    fun <T> orElse(name: String, default: T, read: Fields.(String) -> T): T = if (name in values) read(name) else default

    private fun <T : Any> list(name: String, convert: (Any?) -> T?): List<T> = read(name) { value ->
        (value as? List<*>)?.map { convert(it) ?: refuse(name, it) }
    }

    private fun <T : Any> read(name: String, convert: (Any?) -> T?): T {
        if (name !in values) throw EdgebertException(Reason.Damaged, "$where.$name is missing")
        return convert(values[name]) ?: refuse(name, values[name])
    }

    private fun refuse(name: String, value: Any?): Nothing =
        throw EdgebertException(Reason.Damaged, "$where.$name is '${value.toString().take(40)}', which does not fit")
}

private fun toInt(value: Any?): Int? = (value as? Long)?.toInt()?.takeIf { it.toLong() == value }

private fun toFloat(value: Any?): Float? = (value as? Number)?.toFloat()
