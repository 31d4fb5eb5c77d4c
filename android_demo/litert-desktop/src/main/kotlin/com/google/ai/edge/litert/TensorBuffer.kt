package com.google.ai.edge.litert

import org.bytedeco.javacpp.BytePointer
import org.bytedeco.tensorflowlite.TfLiteTensor
import org.bytedeco.tensorflowlite.global.tensorflowlite.TfLiteTensorByteSize
import org.bytedeco.tensorflowlite.global.tensorflowlite.TfLiteTensorData
import java.nio.ByteBuffer
import java.nio.ByteOrder

/** See [CompiledModel]. */
class TensorBuffer internal constructor(bytes: Int) : JniHandle() {
    private val memory = ByteBuffer.allocate(bytes).order(ByteOrder.nativeOrder())

    @Throws(LiteRtException::class)
    fun writeInt(data: IntArray) {
        assertNotDestroyed()
        if (data.size * Int.SIZE_BYTES != memory.capacity()) throw LiteRtException("${data.size} numbers for ${memory.capacity()} bytes")
        memory.asIntBuffer().put(data)
    }

    @Throws(LiteRtException::class)
    fun readFloat(): FloatArray {
        assertNotDestroyed()
        return FloatArray(memory.capacity() / Float.SIZE_BYTES).also(memory.asFloatBuffer()::get)
    }

    internal fun copyTo(tensor: TfLiteTensor) {
        bytes(tensor).put(memory.array())
    }

    internal fun copyFrom(tensor: TfLiteTensor) {
        bytes(tensor).get(memory.array())
    }

    override fun destroy() = Unit

    private fun bytes(tensor: TfLiteTensor): ByteBuffer =
        BytePointer(TfLiteTensorData(tensor)).capacity(TfLiteTensorByteSize(tensor)).asByteBuffer()
}
