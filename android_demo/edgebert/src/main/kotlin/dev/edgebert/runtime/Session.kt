package dev.edgebert.runtime

import dev.edgebert.EdgebertException
import dev.edgebert.Output
import dev.edgebert.Reason
import dev.edgebert.engine.Engine
import dev.edgebert.engine.Graph
import dev.edgebert.engine.GraphFile
import dev.edgebert.modelfile.Record
import java.io.Closeable
import java.nio.ByteBuffer

private const val IDS = "ids"
private const val MASK = "mask"
private const val SEGMENT_IDS = "segment_ids"
private val INPUTS = setOf(IDS, MASK, SEGMENT_IDS)
private const val FLOAT = "FLOAT32"

/** Lengths are multiples of it: kernels take four rows at a time, so four tokens cost what one does. */
private const val STEP = 4

/**
 * One open model: ids in, output out; the graph is set up anew only when the length changes.
 *
 * A file has the inputs `ids`, `mask` and `segment_ids` [1, n] and may have further ones [1, m], whose values are
 * numbers of tokens; its output then has a row for each of them. Lengths are rounded up and padded: a little, or to
 * the smallest of the fixed lengths that holds them. A session is for one thread at a time.
 *
 * @param model the mapped file; used as long as the session is open.
 * @param name of the file, for messages.
 * @throws EdgebertException the engine cannot open the file, or the graph is not that of its record.
 */
internal class Session(
    model: ByteBuffer,
    private val name: String,
    private val record: Record,
    val engine: Engine,
    threads: Int,
) : Closeable {
    private val needed = INPUTS + record.furtherInputs
    private val graph: Graph = guarded { engine.open(GraphFile(model, needed, record.fixed?.lengths.orEmpty()), threads) }
    private var lengths: Map<String, Int> = emptyMap()

    init {
        try {
            checkGraph()
        } catch (error: EdgebertException) {
            close()
            throw error
        }
    }

    /**
     * The output for one input; where it has a row for each token, without padding.
     *
     * @param ids token ids that are in the vocabulary, from 1 to the model's `maxLength` of them.
     * @param segmentIds 0 or 1 for each token.
     * @param further values of the further inputs by name: numbers of tokens, from 0.
     * @param watch told how long it took.
     * @param hidden puts the second output behind the first: [1, K + H].
     */
    fun run(
        ids: IntArray,
        segmentIds: IntArray,
        further: Map<String, IntArray>,
        watch: Stopwatch,
        hidden: Boolean = false,
    ): Output {
        check(ids, further)
        val parts = parts(further).map { part ->
            guarded {
                watch.setting { set(ids, segmentIds, part) }
                watch.invoking { graph.run() }
                if (hidden) readBoth() else read(part.values.firstOrNull()?.size ?: ids.size)
            }
        }
        return parts.singleOrNull() ?: joined(parts)
    }

    override fun close() = graph.close()

    private fun checkGraph() {
        if (graph.inputs != needed) {
            throw EdgebertException(
                Reason.Damaged,
                "$name: damaged: it has the inputs ${graph.inputs.sorted().joinToString()}; needed for " +
                    "${record.task.id}: ${needed.joinToString()}; convert again",
            )
        }
        val width = graph.outputShape.lastOrNull()
        if (width != record.outputWidth || graph.outputType != FLOAT) {
            throw EdgebertException(
                Reason.Damaged,
                "$name: damaged: ${record.outputWidth} values in its record for $width outputs of its graph, which " +
                    "are ${graph.outputType}; $FLOAT are needed; convert again",
            )
        }
    }

    private fun set(ids: IntArray, segmentIds: IntArray, further: Map<String, IntArray>) {
        val fixed = record.fixed
        val length = fixed?.lengths?.first { it >= ids.size } ?: minOf((ids.size + STEP - 1) / STEP * STEP, record.maxLength)
        resize(INPUTS.associateWith { length } + further.mapValues { fixed?.positions ?: it.value.size })
        write(IDS, ids, fixed?.padId ?: 0)
        write(MASK, IntArray(ids.size) { 1 })
        write(SEGMENT_IDS, segmentIds)
        further.forEach { (input, numbers) -> write(input, numbers) }
    }

    /** The values of the further inputs, in as many runs as a graph of a fixed length takes. */
    private fun parts(further: Map<String, IntArray>): List<Map<String, IntArray>> {
        val positions = record.fixed?.positions ?: return listOf(further)
        return further.flatMap { (input, numbers) -> numbers.asList().chunked(positions) { mapOf(input to it.toIntArray()) } }
    }

    private fun check(ids: IntArray, further: Map<String, IntArray>) {
        if (ids.size !in 1..record.maxLength) {
            throw EdgebertException(
                Reason.WrongArgument("ids"),
                "${ids.size} ids given; the model takes 1 to ${record.maxLength}",
            )
        }
        if (further.keys != record.furtherInputs) {
            throw EdgebertException(
                Reason.WrongArgument("inputs"),
                "the inputs ${further.keys} are given beside $INPUTS; the model takes ${record.furtherInputs}",
            )
        }
        further.forEach { (input, numbers) ->
            if (numbers.isEmpty() || numbers.any { it !in ids.indices }) {
                throw EdgebertException(
                    Reason.WrongArgument(input),
                    "$input ${numbers.take(8)}: one or more numbers from 0 to ${ids.size - 1} are needed, " +
                        "for ${ids.size} tokens",
                )
            }
        }
    }

    private fun resize(wanted: Map<String, Int>) {
        if (wanted == lengths) return
        lengths = emptyMap() // what a failure leaves is set up anew
        graph.resize(wanted)
        lengths = wanted
    }

    /** Writes an input; what is beyond the values is filled up. */
    private fun write(input: String, values: IntArray, fill: Int = 0) {
        val target = graph.input(input)
        target.put(values)
        while (target.hasRemaining()) target.put(fill)
    }

    /** The output; where it has rows, those of the first tokens or of the first numbers of the further input. */
    private fun read(rows: Int): Output {
        val shape = graph.outputShape.copyOf()
        if (shape.size > 2) shape[1] = rows
        val values = FloatArray(shape.fold(1, Int::times))
        graph.output().get(values)
        return Output(shape, values)
    }

    private fun joined(parts: List<Output>): Output {
        val shape = parts[0].shape.copyOf().also { it[1] = parts.sumOf { part -> part.shape[1] } }
        return Output(shape, parts.fold(FloatArray(0)) { all, part -> all + part.values })
    }

    private fun readBoth(): Output {
        val second = graph.secondOutput()
        val state = FloatArray(second.remaining()).also(second::get)
        val values = read(rows = 1).values + state
        return Output(intArrayOf(1, values.size), values)
    }

    /** Does something with the engine; says in one line what went wrong. */
    private inline fun <T> guarded(action: () -> T): T = try {
        action()
    } catch (error: EdgebertException) {
        throw error
    } catch (error: RuntimeException) {
        throw refused(error)
    } catch (error: LinkageError) {
        throw refused(error)
    }

    private fun refused(error: Throwable) = EdgebertException(
        Reason.EngineFailed(engine.name, record.minimumRuntime),
        "$name: the runtime in this app, ${engine.name}, cannot run it: " +
            "${error.message.orEmpty().lineSequence().first()} (the file needs TensorFlow Lite " +
            "${record.minimumRuntime}; for older ones: edgebert convert --runtime tflite-runtime)",
        error,
    )
}
