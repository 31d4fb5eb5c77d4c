package org.tensorflow.lite

import org.bytedeco.javacpp.BytePointer
import org.bytedeco.tensorflowlite.TfLiteTensor
import org.bytedeco.tensorflowlite.global.tensorflowlite.TfLiteTensorByteSize
import org.bytedeco.tensorflowlite.global.tensorflowlite.TfLiteTensorData
import org.bytedeco.tensorflowlite.global.tensorflowlite.TfLiteTensorDim
import org.bytedeco.tensorflowlite.global.tensorflowlite.TfLiteTensorName
import org.bytedeco.tensorflowlite.global.tensorflowlite.TfLiteTensorNumDims
import org.bytedeco.tensorflowlite.global.tensorflowlite.TfLiteTensorQuantizationParams
import org.bytedeco.tensorflowlite.global.tensorflowlite.TfLiteTensorType
import java.nio.ByteBuffer
import java.nio.ByteOrder

/** A tensor of a [DesktopInterpreter]; like Android's it is good until the interpreter is resized or closed. */
internal class DesktopTensor(private val number: Int, private val tensor: TfLiteTensor) : Tensor {
    override fun dataType(): DataType = checkNotNull(TYPES[TfLiteTensorType(tensor)]) { "DataType error" }

    override fun numDimensions(): Int = TfLiteTensorNumDims(tensor)

    override fun numBytes(): Int = TfLiteTensorByteSize(tensor).toInt()

    override fun numElements(): Int = shape().fold(1, Int::times)

    override fun shape(): IntArray = IntArray(numDimensions()) { TfLiteTensorDim(tensor, it) }

    /** The C API does not tell which sizes are open. */
    override fun shapeSignature(): IntArray = shape()

    override fun index(): Int = number

    override fun name(): String = TfLiteTensorName(tensor).string

    override fun quantizationParams(): Tensor.QuantizationParams =
        TfLiteTensorQuantizationParams(tensor).let { Tensor.QuantizationParams(it.scale(), it.zero_point()) }

    override fun asReadOnlyBuffer(): ByteBuffer = buffer().asReadOnlyBuffer().order(ByteOrder.nativeOrder())

    fun copyFrom(source: ByteBuffer) {
        require(source.isDirect && source.order() == ByteOrder.nativeOrder()) { "a direct, native buffer is needed" }
        checkSize(source, "Cannot copy to a TensorFlowLite tensor (${name()})")
        buffer().put(source.duplicate().rewind() as ByteBuffer)
    }

    fun copyTo(target: ByteBuffer) {
        checkSize(target, "Cannot copy from a TensorFlowLite tensor (${name()})")
        target.put(buffer())
    }

    private fun checkSize(buffer: ByteBuffer, what: String) = require(buffer.capacity() == numBytes()) {
        "$what with ${numBytes()} bytes to a Java Buffer with ${buffer.capacity()} bytes."
    }

    private fun buffer(): ByteBuffer =
        BytePointer(TfLiteTensorData(tensor)).capacity(numBytes().toLong()).asByteBuffer().order(ByteOrder.nativeOrder())

    private companion object {
        /** By the numbers of TfLiteType. */
        val TYPES = mapOf(
            1 to DataType.FLOAT32,
            2 to DataType.INT32,
            3 to DataType.UINT8,
            4 to DataType.INT64,
            5 to DataType.STRING,
            6 to DataType.BOOL,
            7 to DataType.INT16,
            9 to DataType.INT8,
        )
    }
}
