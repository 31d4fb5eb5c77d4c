package dev.edgebert.runtime

import dev.edgebert.EdgebertException
import dev.edgebert.Options
import dev.edgebert.Output
import dev.edgebert.modelfile.Record
import org.tensorflow.lite.DataType
import org.tensorflow.lite.InterpreterApi
import org.tensorflow.lite.TensorFlowLite
import java.io.Closeable
import java.nio.ByteBuffer
import java.nio.ByteOrder

private const val IDS = "ids"
private const val MASK = "mask"
private const val SEGMENT_IDS = "segment_ids"
private val INPUTS = setOf(IDS, MASK, SEGMENT_IDS)

/** Lengths are multiples of it: kernels take four rows at a time, so four tokens cost what one does. */
private const val STEP = 4

/**
 * One open model: ids in, output out; the interpreter is set up anew only when the length changes.
 *
 * A file has the inputs `ids`, `mask` and `segment_ids` [1, n] and may have further ones [1, m], whose values are
 * numbers of tokens; its output then has a row for each of them. Lengths are rounded up and padded. A session is
 * for one thread at a time.
 *
 * @param model the mapped file; used as long as the session is open.
 * @param name of the file, for messages.
 * @throws EdgebertException the runtime cannot open the file, or the graph is not that of its record.
 */
internal class Session(model: ByteBuffer, private val name: String, private val record: Record, options: Options) :
    Closeable {
    private val interpreter: InterpreterApi = open(model, options)
    private val inputs: Map<String, Int> =
        (0 until interpreter.inputTensorCount).associateBy { interpreter.getInputTensor(it).name() }
    private val rowAToken = interpreter.getOutputTensor(0).numDimensions() > 2 && record.furtherInputs.isEmpty()
    private var buffers: Map<String, ByteBuffer> = emptyMap()

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
            watch.invoking {
                val all = arrayOfNulls<Any>(inputs.size)
                inputs.forEach { (input, index) -> all[index] = buffers.getValue(input) }
                // No outputs are asked for here: they are read from the runtime's own memory.
                interpreter.runForMultipleInputsOutputs(all, emptyMap<Int, Any>())
            }
            read(ids.size)
        }

    override fun close() = interpreter.close()

    private fun open(model: ByteBuffer, options: Options): InterpreterApi {
        if (options.threads < 1) throw EdgebertException("threads is ${options.threads}; at least 1 is needed")
        return guarded {
            InterpreterApi.create(model, InterpreterApi.Options().setNumThreads(options.threads).setUseXNNPACK(true))
        }
    }

    private fun checkGraph() {
        val further = inputs.keys - INPUTS
        if (!inputs.keys.containsAll(INPUTS) || further != record.furtherInputs) {
            throw EdgebertException(
                "$name: damaged: it has the inputs ${inputs.keys.sorted().joinToString()}; needed for " +
                    "${record.task.id}: ${(INPUTS + record.furtherInputs).joinToString()}; convert again",
            )
        }
        val output = interpreter.getOutputTensor(0)
        val width = output.shape().lastOrNull()
        if (width != record.outputWidth || output.dataType() != DataType.FLOAT32) {
            throw EdgebertException(
                "$name: damaged: ${record.outputWidth} values in its record for $width outputs of its graph, which " +
                    "are ${output.dataType()}; FLOAT32 are needed; convert again",
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
            throw EdgebertException("${ids.size} ids given; the model takes 1 to ${record.maxLength}")
        }
        if (further.keys != record.furtherInputs) {
            throw EdgebertException(
                "the inputs ${further.keys} are given beside $INPUTS; the model takes ${record.furtherInputs}",
            )
        }
        further.forEach { (input, numbers) ->
            if (numbers.isEmpty() || numbers.any { it !in ids.indices }) {
                throw EdgebertException(
                    "$input ${numbers.take(8)}: one or more numbers from 0 to ${ids.size - 1} are needed, " +
                        "for ${ids.size} tokens",
                )
            }
        }
    }

    private fun resize(sizes: Map<String, Int>) {
        if (sizes.all { (input, size) -> buffers[input]?.capacity() == size * Int.SIZE_BYTES }) return
        buffers = emptyMap() // what a failure below leaves is not to be used
        sizes.forEach { (input, size) -> interpreter.resizeInput(inputs.getValue(input), intArrayOf(1, size)) }
        interpreter.allocateTensors()
        buffers = sizes.mapValues { (_, size) ->
            ByteBuffer.allocateDirect(size * Int.SIZE_BYTES).order(ByteOrder.nativeOrder())
        }
    }

    /** Writes an input; what is beyond the values becomes 0. */
    private fun write(input: String, values: IntArray) {
        val target = buffers.getValue(input).asIntBuffer()
        target.put(values)
        while (target.hasRemaining()) target.put(0)
    }

    private fun read(tokens: Int): Output {
        val tensor = interpreter.getOutputTensor(0)
        val shape = tensor.shape()
        if (rowAToken) shape[1] = tokens
        val values = FloatArray(shape.fold(1, Int::times))
        tensor.asReadOnlyBuffer().order(ByteOrder.nativeOrder()).asFloatBuffer().get(values)
        return Output(shape, values)
    }

    /** Does something with the runtime; says in one line what went wrong. */
    private inline fun <T> guarded(action: () -> T): T = try {
        action()
    } catch (error: IllegalArgumentException) {
        throw refused(error)
    } catch (error: IllegalStateException) {
        throw refused(error)
    } catch (error: UnsatisfiedLinkError) {
        throw refused(error)
    }

    private fun refused(error: Throwable) = EdgebertException(
        "$name: the runtime in this app, $runtimeName, cannot run it: ${error.message.orEmpty().lineSequence().first()}" +
            " (the file needs TensorFlow Lite ${record.minimumRuntime}; for older ones: " +
            "edgebert convert --runtime tflite-runtime)",
        error,
    )
}

/** Name and version of the runtime in this app. */
internal val runtimeName: String
    get() = try {
        "TensorFlow Lite ${TensorFlowLite.runtimeVersion()}"
    } catch (_: IllegalStateException) {
        "TensorFlow Lite (none)"
    } catch (_: UnsatisfiedLinkError) {
        "TensorFlow Lite (not for this processor)"
    }
