package dev.edgebert.tokenizer

/** A growing list of Int without boxes. */
internal class Ints(capacity: Int = 16) {
    private var values = IntArray(capacity)

    var size = 0
        private set

    operator fun get(at: Int): Int = values[at]

    operator fun set(at: Int, value: Int) {
        values[at] = value
    }

    fun add(value: Int) {
        if (size == values.size) values = values.copyOf(maxOf(16, 2 * size))
        values[size++] = value
    }

    fun addAll(more: IntArray) {
        if (size + more.size > values.size) values = values.copyOf(maxOf(2 * values.size, size + more.size))
        more.copyInto(values, size)
        size += more.size
    }

    fun toArray(): IntArray = values.copyOf(size)
}
