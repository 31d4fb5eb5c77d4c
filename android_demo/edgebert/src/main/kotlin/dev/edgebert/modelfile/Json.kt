package dev.edgebert.modelfile

/** Text that is not JSON. */
internal class JsonException(message: String) : Exception(message)

/**
 * Reads JSON into Map, List, String, Long, Double, Boolean and null; Python's NaN and Infinity included.
 *
 * Made for texts from anywhere: values nest at most [DEEPEST] levels. (Android brings org.json, a JVM does
 * not, and the two that are called so differ.)
 */
internal fun parseJson(text: String): Any? = JsonReader(text).read()

private const val DEEPEST = 64

private val CONSTANTS: Map<String, Any?> = mapOf(
    "true" to true,
    "false" to false,
    "null" to null,
    "NaN" to Double.NaN,
    "Infinity" to Double.POSITIVE_INFINITY,
    "-Infinity" to Double.NEGATIVE_INFINITY,
)

private val ESCAPES = mapOf(
    '"' to '"', '\\' to '\\', '/' to '/', 'b' to '\b', 'f' to '\u000c', 'n' to '\n', 'r' to '\r', 't' to '\t',
)

private val NUMBER = Regex("-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][+-]?[0-9]+)?")

private class JsonReader(private val text: String) {
    private var at = 0

    fun read(): Any? {
        val value = value(0)
        skipSpace()
        if (at < text.length) fail()
        return value
    }

    private fun value(depth: Int): Any? {
        if (depth > DEEPEST) fail()
        skipSpace()
        return when (peek()) {
            '{' -> members(depth)
            '[' -> items(depth)
            '"' -> string()
            else -> word()
        }
    }

    private fun members(depth: Int): Map<String, Any?> {
        val found = LinkedHashMap<String, Any?>()
        sequence('}') {
            if (peek() != '"') fail()
            val name = string()
            skipSpace()
            if (peek() != ':') fail()
            at++
            found[name] = value(depth + 1)
        }
        return found
    }

    private fun items(depth: Int): List<Any?> {
        val found = ArrayList<Any?>()
        sequence(']') { found.add(value(depth + 1)) }
        return found
    }

    /** What stands between brackets, with commas between. */
    private inline fun sequence(end: Char, item: () -> Unit) {
        at++
        skipSpace()
        if (peek() == end) {
            at++
            return
        }
        while (true) {
            skipSpace()
            item()
            skipSpace()
            val next = peek()
            at++
            if (next == end) return
            if (next != ',') fail()
        }
    }

    private fun string(): String {
        at++
        val built = StringBuilder()
        while (true) {
            val char = peek()
            at++
            when {
                char == '"' -> return built.toString()
                char == '\\' -> built.append(escaped())
                char < ' ' -> fail()
                else -> built.append(char)
            }
        }
    }

    private fun escaped(): Char {
        val char = peek()
        at++
        if (char != 'u') return ESCAPES[char] ?: fail()
        if (at + 4 > text.length) fail()
        val digits = text.substring(at, at + 4)
        at += 4
        if (!digits.all { it in '0'..'9' || it in 'a'..'f' || it in 'A'..'F' }) fail()
        return digits.toInt(16).toChar()
    }

    private fun word(): Any? {
        val start = at
        while (at < text.length && (text[at].isLetterOrDigit() || text[at] in "+-.")) at++
        val word = text.substring(start, at)
        if (word in CONSTANTS) return CONSTANTS[word]
        if (!NUMBER.matches(word)) fail()
        return word.toLongOrNull() ?: word.toDouble()
    }

    private fun skipSpace() {
        while (at < text.length && text[at] in " \t\n\r") at++
    }

    private fun peek(): Char = if (at < text.length) text[at] else fail()

    private fun fail(): Nothing = throw JsonException("not JSON at character $at")
}
