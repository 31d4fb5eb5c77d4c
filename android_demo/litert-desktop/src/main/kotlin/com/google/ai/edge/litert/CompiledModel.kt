package com.google.ai.edge.litert

import org.bytedeco.tensorflowlite.BuiltinOpResolverWithXNNPACK
import org.bytedeco.tensorflowlite.FlatBufferModel
import org.bytedeco.tensorflowlite.Interpreter
import org.bytedeco.tensorflowlite.InterpreterBuilder
import org.bytedeco.tensorflowlite.SignatureRunner
import org.bytedeco.tensorflowlite.TfLiteTensor
import org.bytedeco.tensorflowlite.global.tensorflowlite.TfLiteTensorByteSize
import org.bytedeco.tensorflowlite.global.tensorflowlite.TfLiteTensorDim
import org.bytedeco.tensorflowlite.global.tensorflowlite.TfLiteTensorNumDims

/**
 * What LiteRT 2.3 documents under this name, as far as edgebert's engine uses it, on TensorFlow Lite for JVMs: its
 * processor alone, so that who asks for another accelerator is told as LiteRT would.
 */
class CompiledModel private constructor(private val filePath: String, options: Options) : JniHandle() {
    data class CpuOptions(
        val numThreads: Int? = null,
        val xnnPackFlags: Int? = null,
        val xnnPackWeightCachePath: String? = null,
    )

    data class GpuOptions(
        val constantTensorSharing: Boolean? = null,
        val infiniteFloatCapping: Boolean? = null,
        val allowSrcQuantizedFcConvOps: Boolean? = null,
        val precision: Precision? = null,
        val bufferStorageType: BufferStorageType? = null,
        val preferTextureWeights: Boolean? = null,
        val serializationDir: String? = null,
        val modelCacheKey: String? = null,
        val serializeProgramCache: Boolean? = null,
        val serializeExternalTensors: Boolean? = null,
        val externalTensorsMode: Boolean? = null,
        val externalTensorPattern: String? = null,
        val backend: Backend? = null,
        val priority: Priority? = null,
        val numStepsOfCommandBufferPreparations: Int? = null,
    ) {
        enum class Precision { DEFAULT, FP16, FP32, FP16_WITH_FP32_ACCUM }

        enum class BufferStorageType { DEFAULT, BUFFER, TEXTURE_2D }

        enum class Backend { AUTOMATIC, OPENCL, WEBGPU, OPENGL }

        enum class Priority { DEFAULT, LOW, NORMAL, HIGH }
    }

    class Options(internal val accelerators: Set<Accelerator>) {
        constructor(vararg accelerators: Accelerator) : this(setOf(*accelerators))

        var cpuOptions: CpuOptions? = null
        var gpuOptions: GpuOptions? = null
    }

    private val model: FlatBufferModel
    private val resolver = BuiltinOpResolverWithXNNPACK(true)
    private val interpreter = Interpreter(null as org.bytedeco.javacpp.Pointer?)
    private val runners = HashMap<String, SignatureRunner>()

    init {
        if (Accelerator.CPU !in options.accelerators) throw LiteRtException("no accelerator for ${options.accelerators}")
        val found: FlatBufferModel? = FlatBufferModel.VerifyAndBuildFromFile(filePath)
        model = found?.takeUnless { it.isNull } ?: throw LiteRtException("cannot load $filePath")
        val made = InterpreterBuilder(model, resolver).use { it.apply(interpreter, options.cpuOptions?.numThreads ?: 1) }
        if (made != OK) throw LiteRtException("cannot create an interpreter")
    }

    @Throws(LiteRtException::class)
    fun createInputBuffer(inputName: String, signature: String = ""): TensorBuffer =
        TensorBuffer(size(runner(signature).input_tensor(inputName), inputName))

    @Throws(LiteRtException::class)
    fun createOutputBuffer(outputName: String, signature: String = ""): TensorBuffer =
        TensorBuffer(size(runner(signature).output_tensor(outputName), outputName))

    @Throws(LiteRtException::class)
    fun getOutputTensorType(outputName: String, signature: String = ""): TensorType {
        val tensor = runner(signature).output_tensor(outputName)
        val dimensions = List(TfLiteTensorNumDims(tensor)) { TfLiteTensorDim(tensor, it) }
        return TensorType(TensorType.ElementType.FLOAT, TensorType.Layout(dimensions))
    }

    @Throws(LiteRtException::class)
    fun run(inputs: Map<String, TensorBuffer>, outputs: Map<String, TensorBuffer>, signature: String = "") {
        val runner = runner(signature)
        inputs.forEach { (name, buffer) -> buffer.copyTo(runner.input_tensor(name)) }
        if (runner.Invoke() != OK) throw LiteRtException("cannot run $signature")
        outputs.forEach { (name, buffer) -> buffer.copyFrom(runner.output_tensor(name)) }
    }

    override fun destroy() {
        interpreter.close()
        resolver.close()
        model.close()
    }

    private fun runner(signature: String): SignatureRunner {
        assertNotDestroyed()
        return runners.getOrPut(signature) {
            val found: SignatureRunner? = interpreter.GetSignatureRunner(signature)
            val runner = found?.takeUnless { it.isNull } ?: throw LiteRtException("no signature $signature")
            if (runner.AllocateTensors() != OK) throw LiteRtException("cannot allocate $signature")
            runner
        }
    }

    private fun size(tensor: TfLiteTensor?, name: String): Int {
        if (tensor == null || tensor.isNull) throw LiteRtException("no tensor $name")
        return TfLiteTensorByteSize(tensor).toInt()
    }

    companion object {
        private const val OK = 0

        @Throws(LiteRtException::class)
        @JvmOverloads
        @JvmStatic
        fun create(filePath: String, options: Options = Options(Accelerator.CPU), optionalEnv: Environment? = null): CompiledModel {
            require(optionalEnv == null) { "an environment of one's own is LiteRT's" }
            return CompiledModel(filePath, options)
        }
    }
}
