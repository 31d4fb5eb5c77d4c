package dev.edgebert

import android.content.Context
import android.net.Uri
import java.io.File
import java.io.FileDescriptor
import java.io.FileInputStream
import java.io.FileNotFoundException
import java.io.IOException
import java.io.InputStream
import java.nio.Buffer
import java.nio.ByteBuffer
import java.nio.channels.Channels
import java.nio.channels.FileChannel

/** Brings the bytes of a file into memory: mapped where they lie if possible, else copied. */
internal object Opening {
    private const val FIRST_BYTES = 1 shl 20
    private const val MOST_FIRST_BYTES = 1 shl 30

    fun file(file: File): ByteBuffer = reading(file.path) {
        FileInputStream(file).use { map(it.channel, 0, it.channel.size()) }
    }

    fun descriptor(descriptor: FileDescriptor, offset: Long, length: Long, name: String): ByteBuffer = reading(name) {
        // Not closed: that would close the caller's descriptor.
        map(FileInputStream(descriptor).channel, offset, length)
    }

    /** Mapped inside the APK, where it lies uncompressed; else copied into memory. */
    fun asset(context: Context, path: String): ByteBuffer = reading(path) {
        try {
            context.assets.openFd(path).use {
                map(FileInputStream(it.fileDescriptor).channel, it.startOffset, it.declaredLength)
            }
        } catch (_: FileNotFoundException) { // also where it is compressed
            context.assets.open(path).use(::copy)
        }
    }

    /** Copied into memory: whoever owns the document may change it at any time. */
    fun uri(context: Context, uri: Uri): ByteBuffer = reading(uri.lastPathSegment ?: uri.toString()) {
        try {
            context.contentResolver.openInputStream(uri)?.use(::copy) ?: throw IOException("it is gone")
        } catch (error: EdgebertException) {
            throw error
        } catch (error: RuntimeException) { // another app's, whatever it is
            throw IOException(error.toString(), error)
        }
    }

    private fun copy(stream: InputStream): ByteBuffer {
        val channel = Channels.newChannel(stream)
        var buffer = ByteBuffer.allocateDirect(stream.available().coerceIn(FIRST_BYTES, MOST_FIRST_BYTES) + 1)
        while (channel.read(buffer) >= 0) {
            if (buffer.hasRemaining()) continue
            val larger = ByteBuffer.allocateDirect(Math.multiplyExact(buffer.capacity(), 2))
            (buffer as Buffer).flip()
            buffer = larger.put(buffer)
        }
        (buffer as Buffer).flip()
        return buffer
    }

    private fun map(channel: FileChannel, offset: Long, length: Long): ByteBuffer =
        channel.map(FileChannel.MapMode.READ_ONLY, offset, length)

    private inline fun reading(name: String, read: () -> ByteBuffer): ByteBuffer = try {
        read()
    } catch (error: IOException) {
        val said = error.message.orEmpty().lineSequence().first()
        throw EdgebertException(Reason.Unreadable, "$name: cannot read: $said", error)
    } catch (error: IllegalArgumentException) {
        throw unmappable(name, error)
    } catch (error: ArithmeticException) {
        throw unmappable(name, error)
    } catch (error: OutOfMemoryError) {
        throw EdgebertException(Reason.OutOfMemory, "$name: out of memory; take a smaller model", error)
    }

    private fun unmappable(name: String, error: Exception) = EdgebertException(
        Reason.Unreadable,
        "$name: cannot read: larger than 2 GB, or not within the file around it",
        error,
    )
}
