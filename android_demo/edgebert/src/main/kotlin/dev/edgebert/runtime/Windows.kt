package dev.edgebert.runtime

import dev.edgebert.EdgebertException
import dev.edgebert.Reason

/** Tokens `[start, end)` of a text, special ones not counted. */
internal class Window(val start: Int, val end: Int) {
    val size: Int get() = end - start

    /** How many tokens of the window are on the side of token [at] where there are fewer. */
    fun context(at: Int): Int = minOf(at - start, end - 1 - at)
}

/**
 * Covers a text that is longer than the model with as few windows as need be, spread evenly.
 *
 * Every window is full (where the text is that long), so all of them count the same.
 *
 * @param tokens in the text.
 * @param size tokens in a window.
 * @param stride most tokens from the start of a window to the start of the next.
 */
internal fun windows(tokens: Int, size: Int, stride: Int): List<Window> {
    if (stride !in 1..size) {
        throw EdgebertException(
            Reason.WrongArgument("stride"),
            "stride is $stride; a whole number from 1 to $size is needed, the tokens of a text that fit in a window",
        )
    }
    val beyond = maxOf(0, tokens - size)
    val steps = (beyond + stride - 1) / stride
    return (0..steps).map { step ->
        val start = if (step == steps) beyond else (beyond.toLong() * step / steps).toInt()
        Window(start, minOf(start + size, tokens))
    }
}
