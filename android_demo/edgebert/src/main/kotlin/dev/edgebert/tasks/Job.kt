package dev.edgebert.tasks

import dev.edgebert.EdgebertException
import dev.edgebert.Reason
import dev.edgebert.Output
import dev.edgebert.tokenizer.Encoding

/** Runs one input of the model; what it takes beside ids and segment ids comes by name. */
internal typealias Run = (input: Encoding, further: Map<String, IntArray>) -> Output

/** A text on its way to an answer: one or more inputs of the model, all that could be done before it runs. */
internal interface Job<out T> {
    val inputs: List<Encoding>

    /** Something was cut off that was not asked for. */
    val truncated: Boolean

    /** Runs the inputs and reads the answer. */
    fun answer(run: Run): T
}

internal fun checkCount(name: String, value: Int) {
    if (value < 1) throw EdgebertException(Reason.WrongArgument(name), "$name is $value; a whole number from 1 on is needed")
}
