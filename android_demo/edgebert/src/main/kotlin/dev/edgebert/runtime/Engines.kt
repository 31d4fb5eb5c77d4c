package dev.edgebert.runtime

import dev.edgebert.EdgebertException
import dev.edgebert.Options
import dev.edgebert.Output
import dev.edgebert.Reason
import dev.edgebert.modelfile.Record
import dev.edgebert.modelfile.SelfTest
import java.nio.ByteBuffer
import kotlin.math.abs

/**
 * Opens a model with the first of several engines that passes the file's self-test; of the last one no proof is asked.
 *
 * @param passedOver told each engine that was not taken, and why.
 * @throws EdgebertException none opens it.
 */
internal fun openSession(
    model: ByteBuffer,
    name: String,
    record: Record,
    options: Options,
    passedOver: (String) -> Unit,
): Session {
    if (options.threads < 1) {
        throw EdgebertException(Reason.WrongArgument("threads"), "threads is ${options.threads}; at least 1 is needed")
    }
    if (options.engines.isEmpty()) {
        throw EdgebertException(Reason.WrongArgument("engines"), "engines is empty; at least one is needed")
    }
    for (engine in options.engines.dropLast(1)) {
        val failure = try {
            val session = Session(model, name, record, engine, options.threads)
            val failure = unproven(session, record)
            if (failure == null) return session
            session.close()
            failure
        } catch (error: EdgebertException) {
            error.message
        }
        passedOver("${engine.name}: $failure")
    }
    return Session(model, name, record, options.engines.last(), options.threads)
}

/** Why the answers of an engine do not count; null: it gave what the file gave where it was made. */
private fun unproven(session: Session, record: Record): String? {
    if (record.selfTest.isEmpty()) return "the file has no self-test that it could pass"
    for (case in record.selfTest) {
        val output = session.run(case.ids, case.segmentIds, case.further, Stopwatch())
        val difference = difference(output, case)
        if (!(difference <= record.selfTestTolerance)) return "self-test: output is off by $difference"
    }
    return null
}

/** The largest difference to what is recorded; infinite where shape or number of values is another. */
internal fun difference(output: Output, case: SelfTest): Float {
    if (!output.shape.contentEquals(case.shape)) return Float.POSITIVE_INFINITY
    val found = output.values.indices.step(maxOf(1, case.stride)).map { output.values[it] }
    if (found.size != case.output.size) return Float.POSITIVE_INFINITY
    return found.indices.maxOfOrNull { abs(found[it] - case.output[it]) } ?: 0f
}
