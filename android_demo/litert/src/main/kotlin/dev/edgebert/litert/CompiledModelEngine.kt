package dev.edgebert.litert

import com.google.ai.edge.litert.Accelerator
import com.google.ai.edge.litert.CompiledModel
import com.google.ai.edge.litert.LiteRtException
import com.google.ai.edge.litert.TensorBuffer
import dev.edgebert.EdgebertException
import dev.edgebert.Feature
import dev.edgebert.Reason
import dev.edgebert.engine.Engine
import dev.edgebert.engine.Graph
import dev.edgebert.engine.GraphFile
import java.io.File
import java.io.FileOutputStream
import java.io.IOException
import java.nio.ByteBuffer
import java.nio.FloatBuffer
import java.nio.IntBuffer

private const val OUTPUT = "output"

/**
 * LiteRT 2's CompiledModel, for files of fixed lengths (`edgebert convert --length`): it cannot resize inputs.
 *
 * Name it before the default, `Options(engines = listOf(CompiledModelEngine.gpu(context.cacheDir), TensorFlowLite))`:
 * it is taken where it opens the file and passes the file's self-test.
 *
 * @property name for reports and logs.
 * @param folder of the app's own, such as `context.cacheDir`: CompiledModel opens files by name alone, so a copy of the
 *   model lies there while it is opened.
 * @param options for a number of threads.
 */
class CompiledModelEngine(
    override val name: String,
    private val folder: File,
    private val options: (threads: Int) -> CompiledModel.Options,
) : Engine {
    override fun open(file: GraphFile, threads: Int): Graph {
        if (file.lengths.isEmpty()) {
            throw EdgebertException(
                Reason.Unsupported(Feature.ANY_LENGTH),
                "it takes texts of any length, which CompiledModel cannot; convert it with --length N --target gpu",
            )
        }
        return failing { CompiledGraph(create(file.bytes, options(threads)), file) }
    }

    private fun create(model: ByteBuffer, options: CompiledModel.Options): CompiledModel = try {
        val copy = File.createTempFile("edgebert", ".tflite", folder)
        try {
            FileOutputStream(copy).use { it.channel.write(model.duplicate()) }
            CompiledModel.create(copy.path, options)
        } finally {
            copy.delete() // what is open stays
        }
    } catch (error: IOException) {
        throw IllegalStateException("no copy of the model can be made in $folder: ${error.message}", error)
    }

    companion object {
        /**
         * The GPU alone, in float32; needs `com.google.ai.edge.litert:litert-gpu` in the app.
         *
         * @param folder see [CompiledModelEngine].
         */
        @JvmStatic
        fun gpu(folder: File): CompiledModelEngine = CompiledModelEngine("LiteRT GPU", folder) {
            CompiledModel.Options(Accelerator.GPU).apply {
                gpuOptions = CompiledModel.GpuOptions(precision = CompiledModel.GpuOptions.Precision.FP32)
            }
        }

        /**
         * The processor.
         *
         * @param folder see [CompiledModelEngine].
         */
        @JvmStatic
        fun cpu(folder: File): CompiledModelEngine = CompiledModelEngine("LiteRT", folder) { threads ->
            CompiledModel.Options(Accelerator.CPU).apply { cpuOptions = CompiledModel.CpuOptions(numThreads = threads) }
        }
    }
}

private class CompiledGraph(private val model: CompiledModel, file: GraphFile) : Graph {
    private val graphs: Map<Int, OfLength> = try {
        file.lengths.associateWith { OfLength(model, "length_$it", file.inputs) }
    } catch (error: LiteRtException) {
        model.close()
        throw error
    }
    private var graph = graphs.getValue(file.lengths.first())

    override val inputs: Set<String> = file.inputs
    override val outputShape: IntArray get() = graph.outputShape
    override val outputType: String get() = graph.outputType

    override fun resize(lengths: Map<String, Int>) {
        graph = graphs.getValue(lengths.getValue("ids"))
        graph.resize(lengths)
    }

    override fun input(name: String): IntBuffer = graph.values.getValue(name).duplicate()

    override fun run() = failing { graph.run() }

    override fun output(): FloatBuffer = failing { FloatBuffer.wrap(graph.output.readFloat()) }

    override fun close() {
        graphs.values.forEach(OfLength::close)
        model.close()
    }
}

/** The graph of one length, with the memory of its inputs and output. */
private class OfLength(private val model: CompiledModel, private val signature: String, inputs: Set<String>) {
    private val type = model.getOutputTensorType(OUTPUT, signature)
    private val buffers: Map<String, TensorBuffer> = inputs.associateWith { model.createInputBuffer(it, signature) }
    val output: TensorBuffer = model.createOutputBuffer(OUTPUT, signature)
    var values: Map<String, IntBuffer> = emptyMap()
        private set

    val outputShape: IntArray get() = type.layout?.dimensions.orEmpty().toIntArray()
    val outputType: String get() = if (type.elementType.name == "FLOAT") "FLOAT32" else type.elementType.name

    fun resize(lengths: Map<String, Int>) {
        values = lengths.mapValues { (_, length) -> IntBuffer.allocate(length) }
    }

    fun run() {
        values.forEach { (input, numbers) -> buffers.getValue(input).writeInt(numbers.array()) }
        model.run(buffers, mapOf(OUTPUT to output), signature)
    }

    fun close() {
        buffers.values.forEach(TensorBuffer::close)
        output.close()
    }
}

/** LiteRT's exception is a checked one; engines throw unchecked ones. */
private inline fun <T> failing(action: () -> T): T = try {
    action()
} catch (error: LiteRtException) {
    throw IllegalStateException(error.message, error)
}
