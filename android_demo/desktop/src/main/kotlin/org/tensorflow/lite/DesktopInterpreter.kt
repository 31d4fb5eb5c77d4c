package org.tensorflow.lite

import org.bytedeco.javacpp.Pointer
import org.bytedeco.tensorflowlite.TfLiteInterpreter
import org.bytedeco.tensorflowlite.TfLiteModel
import org.bytedeco.tensorflowlite.global.tensorflowlite.TfLiteInterpreterAllocateTensors
import org.bytedeco.tensorflowlite.global.tensorflowlite.TfLiteInterpreterCreate
import org.bytedeco.tensorflowlite.global.tensorflowlite.TfLiteInterpreterDelete
import org.bytedeco.tensorflowlite.global.tensorflowlite.TfLiteInterpreterGetInputTensor
import org.bytedeco.tensorflowlite.global.tensorflowlite.TfLiteInterpreterGetInputTensorCount
import org.bytedeco.tensorflowlite.global.tensorflowlite.TfLiteInterpreterGetOutputTensor
import org.bytedeco.tensorflowlite.global.tensorflowlite.TfLiteInterpreterGetOutputTensorCount
import org.bytedeco.tensorflowlite.global.tensorflowlite.TfLiteInterpreterInvoke
import org.bytedeco.tensorflowlite.global.tensorflowlite.TfLiteInterpreterOptionsCreate
import org.bytedeco.tensorflowlite.global.tensorflowlite.TfLiteInterpreterOptionsDelete
import org.bytedeco.tensorflowlite.global.tensorflowlite.TfLiteInterpreterOptionsSetNumThreads
import org.bytedeco.tensorflowlite.global.tensorflowlite.TfLiteInterpreterResizeInputTensor
import org.bytedeco.tensorflowlite.global.tensorflowlite.TfLiteModelCreate
import org.bytedeco.tensorflowlite.global.tensorflowlite.TfLiteModelDelete
import java.nio.ByteBuffer
import java.nio.ByteOrder

/**
 * [InterpreterApi] on TensorFlow Lite's C API.
 *
 * It is as strict as Android's implementation about what goes in: direct buffers in native byte order, of exactly
 * the tensor's size.
 *
 * @param model used as long as the interpreter is open.
 */
internal class DesktopInterpreter(private val model: ByteBuffer, threads: Int) : InterpreterApi {
    private val loaded: TfLiteModel
    private val interpreter: TfLiteInterpreter
    private var isOpen = true
    private var isAllocated = false
    private var lastNanos: Long? = null

    init {
        require(model.isDirect && model.order() == ByteOrder.nativeOrder()) {
            "Model ByteBuffer should be either a MappedByteBuffer of the model file, or a direct ByteBuffer"
        }
        loaded = requireNotNull(TfLiteModelCreate(Pointer(model), model.capacity().toLong())) {
            "ByteBuffer is not a valid TensorFlow Lite model flatbuffer"
        }
        val options = TfLiteInterpreterOptionsCreate()
        if (threads > 0) TfLiteInterpreterOptionsSetNumThreads(options, threads)
        val created: TfLiteInterpreter? = TfLiteInterpreterCreate(loaded, options)
        TfLiteInterpreterOptionsDelete(options)
        if (created == null) TfLiteModelDelete(loaded)
        interpreter = requireNotNull(created) { "Internal error: Cannot create interpreter" }
        allocateTensors()
    }

    override fun run(input: Any, output: Any) = runForMultipleInputsOutputs(arrayOf(input), mapOf(0 to output))

    override fun runForMultipleInputsOutputs(inputs: Array<out Any?>, outputs: Map<Int, Any?>) {
        require(inputs.isNotEmpty()) { "Input error: Inputs should not be null or empty." }
        check(isOpen) { "Internal error: The Interpreter has already been closed." }
        allocateTensors()
        inputs.forEachIndexed { at, input -> inputTensor(at).copyFrom(input as ByteBuffer) }
        val start = System.nanoTime()
        check(TfLiteInterpreterInvoke(interpreter) == OK) { "Internal error: Failed to run on the given Interpreter" }
        lastNanos = System.nanoTime() - start
        outputs.forEach { (at, output) -> if (output != null) outputTensor(at).copyTo(output as ByteBuffer) }
    }

    override fun allocateTensors() {
        if (isAllocated) return
        check(TfLiteInterpreterAllocateTensors(interpreter) == OK) { "Internal error: Failed to allocate tensors" }
        isAllocated = true
    }

    override fun resizeInput(idx: Int, dims: IntArray) = resizeInput(idx, dims, false)

    override fun resizeInput(idx: Int, dims: IntArray, strict: Boolean) {
        require(!strict) { "strict is not supported" }
        require(TfLiteInterpreterResizeInputTensor(interpreter, idx, dims, dims.size) == OK) { "Failed to resize" }
        isAllocated = false
    }

    override fun getInputTensorCount(): Int = TfLiteInterpreterGetInputTensorCount(interpreter)

    override fun getOutputTensorCount(): Int = TfLiteInterpreterGetOutputTensorCount(interpreter)

    override fun getInputIndex(opName: String): Int = (0 until inputTensorCount).first { inputTensor(it).name() == opName }

    override fun getOutputIndex(opName: String): Int =
        (0 until outputTensorCount).first { outputTensor(it).name() == opName }

    override fun getInputTensor(inputIndex: Int): Tensor = inputTensor(inputIndex)

    override fun getOutputTensor(outputIndex: Int): Tensor = outputTensor(outputIndex)

    override fun getLastNativeInferenceDurationNanoseconds(): Long? = lastNanos

    override fun close() {
        if (!isOpen) return
        isOpen = false
        TfLiteInterpreterDelete(interpreter)
        TfLiteModelDelete(loaded)
    }

    private fun inputTensor(at: Int) = DesktopTensor(at, TfLiteInterpreterGetInputTensor(interpreter, at))

    private fun outputTensor(at: Int) = DesktopTensor(at, TfLiteInterpreterGetOutputTensor(interpreter, at))

    private companion object {
        const val OK = 0
    }
}
