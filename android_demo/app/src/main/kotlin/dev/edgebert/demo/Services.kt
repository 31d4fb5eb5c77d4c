package dev.edgebert.demo

import android.content.Context
import dev.edgebert.EdgebertModel
import dev.edgebert.Options
import dev.edgebert.demo.benchmark.AndroidDevice
import dev.edgebert.demo.benchmark.Device
import dev.edgebert.demo.benchmark.MeasuringProcess
import dev.edgebert.demo.benchmark.ServiceProcess
import dev.edgebert.demo.models.ModelSource
import dev.edgebert.demo.models.ModelStore
import java.io.File
import java.io.IOException
import java.io.InputStream

/** What the screens are made of; a test puts other parts in. */
open class Services(private val context: Context) {
    val store: ModelStore = ModelStore(context)

    /** State and facts of the device that a benchmark runs on. */
    open val device: Device = AndroidDevice(context)

    /** The only folder that jobs of `adb` and their files may come from. */
    open val jobFolder: File = File("/data/local/tmp/edgebert")

    /** How many models a benchmark may interleave. */
    open val slots: Int = ServiceProcess.SLOTS.size

    /**
     * Opens a model.
     *
     * @throws dev.edgebert.EdgebertException the file is no model that this app can open
     * @throws AppException it cannot be read, or memory is short
     */
    fun open(source: ModelSource, threads: Int): EdgebertModel =
        try {
            load(source, Options(threads = threads))
        } catch (error: IOException) {
            throw AppException(Problem.OfApp.UNREADABLE, "${source.name}: cannot be read: ${error.message}", error)
        } catch (error: OutOfMemoryError) {
            throw AppException(Problem.OfApp.NO_MEMORY, "${source.name}: not enough memory", error)
        }

    /** The bytes of a model. */
    fun stream(source: ModelSource): InputStream = source.stream(context)

    protected open fun load(source: ModelSource, options: Options): EdgebertModel = source.open(context, options)

    /** The process that a benchmark measures its [slot]th model in. */
    open fun process(slot: Int): MeasuringProcess = ServiceProcess(context, ServiceProcess.SLOTS[slot])

    /** The questions that ship with edgebert. */
    open fun questions(): List<String> =
        context.assets.open("questions.txt").bufferedReader().useLines { lines -> lines.filter { it.isNotBlank() }.toList() }
}
