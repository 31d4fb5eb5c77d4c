package dev.edgebert.runtime

import dev.edgebert.EdgebertException
import dev.edgebert.Output
import dev.edgebert.Reason
import dev.edgebert.engine.Engine
import dev.edgebert.engine.Graph
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
 * numbers of tokens; its output then has a row for each of them. Lengths are rounded up and padded. A session is
 * for one thread at a time.
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
    private val graph: Graph = guarded { engine.open(model, threads) }
    private val rowAToken = graph.outputShape.size > 2 && record.furtherInputs.isEmpty()
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
     */
    fun run(ids: IntArray, segmentIds: IntArray, further: Map<String, IntArray>, watch: Stopwatch): Output =
        guarded {
            watch.setting { set(ids, segmentIds, further) }
            watch.invoking { graph.run() }
            read(ids.size)
        }

    override fun close() = graph.close()

    private fun checkGraph() {
        val further = graph.inputs - INPUTS
        if (!graph.inputs.containsAll(INPUTS) || further != record.furtherInputs) {
            throw EdgebertException(
                Reason.Damaged,
                "$name: damaged: it has the inputs ${graph.inputs.sorted().joinToString()}; needed for " +
                    "${record.task.id}: ${(INPUTS + record.furtherInputs).joinToString()}; convert again",
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
        check(ids, further)
        val length = minOf((ids.size + STEP - 1) / STEP * STEP, record.maxLength)
        resize(INPUTS.associateWith { length } + further.mapValues { it.value.size })
        write(IDS, ids)
        write(MASK, IntArray(ids.size) { 1 })
        write(SEGMENT_IDS, segmentIds)
        further.forEach(::write)
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

    /** Writes an input; what is beyond the values becomes 0. */
    private fun write(input: String, values: IntArray) {
        val target = graph.input(input)
        target.put(values)
        while (target.hasRemaining()) target.put(0)
    }

    private fun read(tokens: Int): Output {
        val shape = graph.outputShape.copyOf()
        if (rowAToken) shape[1] = tokens
        val values = FloatArray(shape.fold(1, Int::times))
        graph.output().get(values)
        return Output(shape, values)
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
