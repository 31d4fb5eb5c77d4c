package dev.edgebert.demo.benchmark

import android.os.Debug
import dev.edgebert.EdgebertModel
import dev.edgebert.Task
import dev.edgebert.Timing
import dev.edgebert.demo.Services
import dev.edgebert.demo.models.ModelSource
import java.io.Closeable

/** One model in this process, from opening it to its last answer. */
class Worker(services: Services, setting: Setting, linux: LinuxFiles = LinuxFiles()) : Closeable {
    private val memory = Memory(linux)
    private val model: EdgebertModel
    private val texts: List<Text>
    val started: Started

    init {
        val source = ModelSource.of(setting.model)
        val baseline = memory.now()
        val begin = System.nanoTime()
        model = services.open(source, setting.threads)
        val opened = System.nanoTime()
        val loaded = memory.now()
        try {
            texts = setting.given.of(model)
            val asked = System.nanoTime()
            timed(texts.first())
            started = Started(
                runtime = model.runtime.removePrefix("TensorFlow Lite "),
                loadMs = thousandths((opened - begin) / 1e6),
                firstMs = thousandths((System.nanoTime() - asked) / 1e6),
                baseline = baseline,
                loaded = loaded,
                first = memory.now(),
                modelFile = memory.mapped(source.mappedAs),
                pss = 1024L * Debug.MemoryInfo().also(Debug::getMemoryInfo).totalPss,
            )
        } catch (error: Throwable) {
            model.close()
            throw error
        }
    }

    /** See [MeasuringProcess.round]. */
    fun round(seconds: Double): Samples {
        warmUp()
        val samples = Samples()
        val until = System.nanoTime() + (seconds * 1e9).toLong()
        do texts.forEach { samples.add(timed(it)) } while (System.nanoTime() < until)
        return samples
    }

    fun peak(): MemoryState = memory.peak()

    override fun close() = model.close()

    /** Before each round, as the caches hold what other models left there. */
    private fun warmUp() {
        val until = System.nanoTime() + WARM_UP_NANOS
        for (at in 0 until WARM_UP) {
            timed(texts[at % texts.size])
            if (System.nanoTime() >= until) return
        }
    }

    private fun timed(text: Text): Timing = with(model) {
        when (task) {
            Task.CLASSIFY -> classify(text.text, text.pair).timing
            Task.REGRESS -> regress(text.text, text.pair).timing
            Task.EMBED -> embed(text.text, text.pair).timing
            Task.ENCODE -> encode(text.text, text.pair).timing
            Task.TAG -> tag(text.text).timing
            Task.ANSWER -> answer(text.text, text.pair.orEmpty()).timing
            Task.FILL_MASK -> fillMask(text.text).timing
        }
    }

    private companion object {
        const val WARM_UP = 3
        const val WARM_UP_NANOS = 20_000_000L
    }
}
