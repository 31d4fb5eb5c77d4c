package dev.edgebert.tokenizer

/**
 * Normalised characters, each with the stretch `[start, end)` of the token it came from.
 *
 * Starts and ends are indices of the Kotlin string.
 */
internal class Traced(capacity: Int = 16) {
    private val chars = Ints(capacity)
    private val starts = Ints(capacity)
    private val ends = Ints(capacity)

    val size: Int get() = chars.size

    fun char(at: Int): Int = chars[at]

    fun start(at: Int): Int = starts[at]

    fun end(at: Int): Int = ends[at]

    fun add(char: Int, start: Int, end: Int) {
        chars.add(char)
        starts.add(start)
        ends.add(end)
    }

    /** One character of [other], as it is or as another character. */
    fun addFrom(other: Traced, at: Int, char: Int = other.char(at)) = add(char, other.start(at), other.end(at))

    /** All characters of [other], which stands [base] further on in the text. */
    fun addAll(other: Traced, base: Int) {
        for (at in 0 until other.size) add(other.char(at), base + other.start(at), base + other.end(at))
    }

    /** The characters as a string. */
    fun text(): String = StringBuilder(size).also { for (at in 0 until size) it.appendCodePoint(char(at)) }.toString()

    /** Puts the characters from [first] on in the order of [key]; equal ones stay as they are. */
    inline fun sortFrom(first: Int, key: (Int) -> Int) {
        if ((first + 1 until size).all { key(char(it - 1)) <= key(char(it)) }) return
        val keys = IntArray(size - first) { key(char(first + it)) }
        reorder(first, keys.indices.sortedBy { keys[it] })
    }

    /** Puts the characters from [first] on in another order; numbers count from there. */
    fun reorder(first: Int, order: List<Int>) = listOf(chars, starts, ends).forEach { column ->
        val before = IntArray(order.size) { column[first + it] }
        order.forEachIndexed { at, from -> column[first + at] = before[from] }
    }
}
