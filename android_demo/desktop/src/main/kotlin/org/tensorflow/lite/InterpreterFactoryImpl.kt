package org.tensorflow.lite

import org.bytedeco.tensorflowlite.global.tensorflowlite.TfLiteSchemaVersion
import org.bytedeco.tensorflowlite.global.tensorflowlite.TfLiteVersion
import org.tensorflow.lite.nnapi.NnApiDelegate
import java.io.File
import java.io.FileInputStream
import java.nio.ByteBuffer
import java.nio.channels.FileChannel

/**
 * The runtime that [InterpreterApi.create] finds on the class path by this name, as it finds LiteRT's on Android.
 *
 * Made for JVMs on Linux on top of JavaCPP's build of TensorFlow Lite, with XNNPACK.
 */
internal class InterpreterFactoryImpl : InterpreterFactoryApi {
    override fun create(modelFile: File, options: InterpreterApi.Options?): InterpreterApi =
        FileInputStream(modelFile).use {
            create(it.channel.map(FileChannel.MapMode.READ_ONLY, 0, it.channel.size()), options)
        }

    override fun create(byteBuffer: ByteBuffer, options: InterpreterApi.Options?): InterpreterApi =
        DesktopInterpreter(byteBuffer, options?.numThreads ?: -1)

    override fun runtimeVersion(): String = TfLiteVersion().string

    override fun schemaVersion(): String = TfLiteSchemaVersion().toString()

    override fun createNnApiDelegateImpl(options: NnApiDelegate.Options?): NnApiDelegate.PrivateInterface =
        throw UnsupportedOperationException("NNAPI is Android's")
}
