package dev.edgebert.runtime

import dev.edgebert.EdgebertException
import dev.edgebert.EdgebertModel
import dev.edgebert.EngineNotTaken
import dev.edgebert.Options
import dev.edgebert.Output
import dev.edgebert.Reason
import dev.edgebert.modelfile.Record
import dev.edgebert.modelfile.SelfTest
import java.nio.ByteBuffer
import kotlin.math.abs

/** Of any answer of the self-test with the recorded one, as in Python (runtime/accelerator.py). */
private const val LEAST_COSINE = 0.999f

/** From this TensorFlow Lite on there are ops that older ones take for others, and answer wrongly without a word. */
private val MISREAD = listOf(2, 21)

/** Of one answer: engines start them at once, and with ten thousand a phone stands still. */
private const val MOST_THREADS = 256

/**
 * Opens a model with the first of several engines that passes the file's self-test; of the last one no proof is asked,
 * but for files that old runtimes are known to misread (docs/size.md).
 *
 * @param passedOver told each engine that was not taken.
 * @throws EdgebertException none opens it.
 */
internal fun openSession(
    model: ByteBuffer,
    name: String,
    record: Record,
    options: Options,
    passedOver: (EngineNotTaken) -> Unit,
): Session {
    if (options.threads !in 1..MOST_THREADS) {
        throw EdgebertException(Reason.WrongArgument("threads"), "threads is ${options.threads}; 1 to $MOST_THREADS are accepted")
    }
    if (options.engines.isEmpty()) {
        throw EdgebertException(Reason.WrongArgument("engines"), "engines is empty; at least one is needed")
    }
    for (engine in options.engines.dropLast(1)) {
        try {
            return proven(Session(model, name, record, engine, options.threads), record)
        } catch (error: EdgebertException) {
            passedOver(EngineNotTaken(engine.name, error.reason, error.message.orEmpty()))
        }
    }
    val last = Session(model, name, record, options.engines.last(), options.threads)
    return if (record.mayBeMisread) proven(last, record) else last
}

private val Record.mayBeMisread: Boolean
    get() {
        val (major, minor) = minimumRuntime.split('.').map { it.toIntOrNull() ?: 0 } + listOf(0, 0)
        return compareValuesBy(listOf(major, minor), MISREAD, { it[0] }, { it[1] }) >= 0
    }

/** A session that passes the file's self-test; one that does not is closed. */
private fun proven(session: Session, record: Record): Session = try {
    requireRightAnswers(session, record)
    session
} catch (error: EdgebertException) {
    session.close()
    throw error
}

/**
 * Refuses an engine that answers otherwise than the machine where the file was made: nothing else tells, since an
 * accelerator that misreads a graph runs it without a word.
 *
 * @throws EdgebertException it does, it cannot run the file, or the file has no self-test.
 */
private fun requireRightAnswers(session: Session, record: Record) {
    val engine = session.engine.name
    if (record.selfTest.isEmpty()) throw EdgebertException(Reason.NoSelfTest, "the file has no self-test by which $engine could prove its answers")
    var largest = 0f
    var lowest = 1f
    for (case in record.selfTest) {
        val output = session.run(case.ids, case.segmentIds, case.further, Stopwatch())
        largest = maxOf(largest, difference(output, case)) // NaN stays
        lowest = minOf(lowest, cosine(output, case))
    }
    if (!(largest <= record.selfTestTolerance && lowest >= LEAST_COSINE)) {
        throw EdgebertException(
            Reason.WrongAnswers(engine, largest, lowest),
            "$engine fails the file's self-test: its output is off by $largest, ${record.selfTestTolerance} is allowed; " +
                "cosine $lowest, $LEAST_COSINE is needed",
        )
    }
}

/** The cosine with what is recorded; 1 where that is one number, 0 where it is of another size. */
private fun cosine(output: Output, case: SelfTest): Float {
    val found = sample(output, case)
    return if (found.size == 1) 1f else if (found.size != case.output.size) 0f else EdgebertModel.cosineSimilarity(found, case.output)
}

/** The largest difference to what is recorded; infinite where shape or number of values is another. */
internal fun difference(output: Output, case: SelfTest): Float {
    val found = sample(output, case)
    if (!output.shape.contentEquals(case.shape) || found.size != case.output.size) return Float.POSITIVE_INFINITY
    return found.indices.maxOfOrNull { abs(found[it] - case.output[it]) } ?: 0f
}

/** The values of an output of which the record has what they were. */
private fun sample(output: Output, case: SelfTest): FloatArray =
    output.values.indices.step(maxOf(1, case.stride)).map { output.values[it] }.toFloatArray()
