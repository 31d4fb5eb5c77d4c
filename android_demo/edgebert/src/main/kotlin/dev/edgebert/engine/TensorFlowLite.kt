package dev.edgebert.engine

import dev.edgebert.EdgebertException
import dev.edgebert.Feature
import dev.edgebert.Reason
import java.nio.ByteBuffer
import java.nio.ByteOrder
import java.nio.FloatBuffer
import java.nio.IntBuffer
import org.tensorflow.lite.InterpreterApi
import org.tensorflow.lite.TensorFlowLite as Runtime

/** The default: TensorFlow Lite's interpreter on the processor, with XNNPACK. */
object TensorFlowLite : Engine by InterpreterEngine("TensorFlow Lite", { it.setUseXNNPACK(true) })

/**
 * TensorFlow Lite's interpreter, `org.tensorflow.lite.InterpreterApi`, set up as an app wants it.
 *
 * It comes with `org.tensorflow:tensorflow-lite`, with LiteRT 1.x and, under the same names, with LiteRT 2.x. An
 * accelerator is a delegate: `InterpreterEngine("GPU") { it.addDelegateFactory(GpuDelegateFactory()) }`. It knows no
 * signatures, so of files of fixed lengths it opens those of one length.
 *
 * @param label what [name] begins with; the runtime's version follows.
 * @param configure sets up each interpreter; the number of threads is set already.
 */
class InterpreterEngine(private val label: String, private val configure: (InterpreterApi.Options) -> Unit) : Engine {
    override val name: String
        get() = try {
            "$label ${Runtime.runtimeVersion()}"
        } catch (_: IllegalStateException) {
            "$label (no runtime)"
        } catch (_: UnsatisfiedLinkError) {
            "$label (not for this processor)"
        }

    override fun open(file: GraphFile, threads: Int): Graph {
        if (file.lengths.size > 1) {
            throw EdgebertException(
                Reason.Unsupported(Feature.SEVERAL_LENGTHS),
                "it has a graph for each of the lengths ${file.lengths.joinToString()}, and TensorFlow Lite's " +
                    "interpreter takes one; add an engine for it (CompiledModelEngine), or convert it with one --length",
            )
        }
        val options = InterpreterApi.Options().setNumThreads(threads).also(configure)
        return Interpreted(InterpreterApi.create(file.bytes, options))
    }
}

private class Interpreted(private val interpreter: InterpreterApi) : Graph {
    private val indices: Map<String, Int> =
        (0 until interpreter.inputTensorCount).associateBy { interpreter.getInputTensor(it).name() }
    private var buffers: Map<String, ByteBuffer> = emptyMap()

    override val inputs: Set<String> get() = indices.keys
    override val outputShape: IntArray get() = interpreter.getOutputTensor(0).shape()
    override val outputType: String get() = interpreter.getOutputTensor(0).dataType().name

    override fun resize(lengths: Map<String, Int>) {
        buffers = emptyMap() // what a failure below leaves is not to be used
        lengths.forEach { (input, length) -> interpreter.resizeInput(indices.getValue(input), intArrayOf(1, length)) }
        interpreter.allocateTensors()
        buffers = lengths.mapValues { (_, length) ->
            ByteBuffer.allocateDirect(length * Int.SIZE_BYTES).order(ByteOrder.nativeOrder())
        }
    }

    override fun input(name: String): IntBuffer = buffers.getValue(name).asIntBuffer()

    override fun run() {
        val all = arrayOfNulls<Any>(indices.size)
        indices.forEach { (input, index) -> all[index] = buffers.getValue(input) }
        // No outputs are asked for here: they are read from the runtime's own memory.
        interpreter.runForMultipleInputsOutputs(all, emptyMap<Int, Any>())
    }

    override fun output(): FloatBuffer = output(0)

    override fun secondOutput(): FloatBuffer = output(1)

    private fun output(number: Int): FloatBuffer =
        interpreter.getOutputTensor(number).asReadOnlyBuffer().order(ByteOrder.nativeOrder()).asFloatBuffer()

    override fun close() = interpreter.close()
}
