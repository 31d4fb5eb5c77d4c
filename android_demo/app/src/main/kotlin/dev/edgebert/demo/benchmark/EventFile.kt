package dev.edgebert.demo.benchmark

import java.io.Closeable
import java.io.File
import java.io.FileOutputStream
import org.json.JSONObject

/** The lines that a computer follows over adb: progress, and at last a result or an error; see docs/android_protocol.md. */
class EventFile(file: File) : Closeable {
    private val stream = FileOutputStream(file, true)

    @Synchronized
    fun progress(progress: BenchmarkProgress) =
        write(json("event" to "progress", "done" to progress.done, "total" to progress.total, "what" to progress.what))

    @Synchronized
    fun result(result: DeviceResult) = write(json("event" to "result", "result" to result.toJson()))

    @Synchronized
    fun error(message: String) = write(json("event" to "error", "message" to message.lineSequence().joinToString(" ")))

    override fun close() = stream.close()

    private fun write(event: JSONObject) {
        stream.write("$event\n".toByteArray())
        stream.flush()
    }

    companion object {
        const val NAME = "events.jsonl"
        private val ID = Regex("[0-9a-f]{32}")

        /** The file for a job, in a folder of the app's own; null where the id is none. */
        fun of(id: String, folder: File): EventFile? {
            if (!ID.matches(id)) return null
            val own = File(folder, id)
            own.mkdirs()
            return EventFile(File(own, NAME))
        }
    }
}
