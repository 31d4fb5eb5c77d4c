package org.tensorflow.lite

import org.bytedeco.javacpp.BytePointer
import org.bytedeco.javacpp.Pointer
import org.bytedeco.tensorflowlite.BuiltinOpResolverWithXNNPACK
import org.bytedeco.tensorflowlite.FlatBufferModel
import org.bytedeco.tensorflowlite.InterpreterBuilder
import java.nio.ByteBuffer
import java.nio.ByteOrder
import org.bytedeco.tensorflowlite.Interpreter as NativeInterpreter

/**
 * [InterpreterApi] on TensorFlow Lite's C++ API, with XNNPACK for float32, which its C API leaves out in this build.
 *
 * XNNPACK's int8 kernels are not switched on in it: int8 matrices run on TensorFlow Lite's own, as in
 * tflite-runtime 2.14, slower than on a phone and a rounding step apart from it.
 *
 * It is as strict as Android's implementation about what goes in: direct buffers in native byte order, of exactly
 * the tensor's size.
 *
 * @param model used as long as the interpreter is open.
 */
internal class DesktopInterpreter(private val model: ByteBuffer, threads: Int) : InterpreterApi {
    private val loaded: FlatBufferModel
    private val interpreter = NativeInterpreter(null as Pointer?)
    private val resolver = BuiltinOpResolverWithXNNPACK(true)
    private var isOpen = true
    private var isAllocated = false
    private var lastNanos: Long? = null

    init {
        require(model.isDirect && model.order() == ByteOrder.nativeOrder()) {
            "Model ByteBuffer should be either a MappedByteBuffer of the model file, or a direct ByteBuffer"
        }
        val found: FlatBufferModel? =
            FlatBufferModel.VerifyAndBuildFromBuffer(BytePointer(model), model.capacity().toLong())
        loaded = requireNotNull(found?.takeUnless { it.isNull }) {
            "ByteBuffer is not a valid TensorFlow Lite model flatbuffer"
        }
        InterpreterBuilder(loaded, resolver).use {
            val made = it.apply(interpreter, threads)
            require(made == OK && !interpreter.isNull) { "Internal error: Cannot create interpreter" }
        }
        allocateTensors()
    }

    override fun run(input: Any, output: Any) = runForMultipleInputsOutputs(arrayOf(input), mapOf(0 to output))

    override fun runForMultipleInputsOutputs(inputs: Array<out Any?>, outputs: Map<Int, Any?>) {
        require(inputs.isNotEmpty()) { "Input error: Inputs should not be null or empty." }
        check(isOpen) { "Internal error: The Interpreter has already been closed." }
        allocateTensors()
        inputs.forEachIndexed { at, input -> inputTensor(at).copyFrom(input as ByteBuffer) }
        val start = System.nanoTime()
        check(interpreter.Invoke() == OK) { "Internal error: Failed to run on the given Interpreter" }
        lastNanos = System.nanoTime() - start
        outputs.forEach { (at, output) -> if (output != null) outputTensor(at).copyTo(output as ByteBuffer) }
    }

    override fun allocateTensors() {
        if (isAllocated) return
        check(interpreter.AllocateTensors() == OK) { "Internal error: Failed to allocate tensors" }
        isAllocated = true
    }

    override fun resizeInput(idx: Int, dims: IntArray) = resizeInput(idx, dims, false)

    override fun resizeInput(idx: Int, dims: IntArray, strict: Boolean) {
        val tensor = interpreter.inputs().get(idx.toLong())
        val done = if (strict) interpreter.ResizeInputTensorStrict(tensor, dims) else interpreter.ResizeInputTensor(tensor, dims)
        require(done == OK) { "Failed to resize" }
        isAllocated = false
    }

    override fun getInputTensorCount(): Int = interpreter.inputs().limit().toInt()

    override fun getOutputTensorCount(): Int = interpreter.outputs().limit().toInt()

    override fun getInputIndex(opName: String): Int = (0 until inputTensorCount).first { inputTensor(it).name() == opName }

    override fun getOutputIndex(opName: String): Int =
        (0 until outputTensorCount).first { outputTensor(it).name() == opName }

    override fun getInputTensor(inputIndex: Int): Tensor = inputTensor(inputIndex)

    override fun getOutputTensor(outputIndex: Int): Tensor = outputTensor(outputIndex)

    override fun getLastNativeInferenceDurationNanoseconds(): Long? = lastNanos

    override fun close() {
        if (!isOpen) return
        isOpen = false
        interpreter.close()
        resolver.close()
        loaded.close()
    }

    private fun inputTensor(at: Int) = DesktopTensor(at, interpreter.input_tensor(at.toLong()))

    private fun outputTensor(at: Int) = DesktopTensor(at, interpreter.output_tensor(at.toLong()))

    private companion object {
        const val OK = 0
    }
}
