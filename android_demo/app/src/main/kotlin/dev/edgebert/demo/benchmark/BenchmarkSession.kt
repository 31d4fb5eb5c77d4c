package dev.edgebert.demo.benchmark

import dev.edgebert.EdgebertException
import dev.edgebert.demo.Services
import dev.edgebert.demo.models.ModelSource
import java.io.Closeable
import java.io.File
import java.io.IOException
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.CoroutineDispatcher
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.Job
import kotlinx.coroutines.SupervisorJob
import kotlinx.coroutines.cancel
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.asStateFlow
import kotlinx.coroutines.launch

/** What the benchmark screen shows. */
sealed interface BenchmarkState {
    object Idle : BenchmarkState

    data class Running(val progress: BenchmarkProgress) : BenchmarkState

    data class Done(val result: DeviceResult) : BenchmarkState

    data class Failed(val message: String) : BenchmarkState
}

/** The benchmark under way; outlives rotations of its screen. Called on the main thread, measures on [work]. */
class BenchmarkSession(private val services: Services, private val work: CoroutineDispatcher = Dispatchers.Default) : Closeable {
    private val scope = CoroutineScope(SupervisorJob() + work)
    private val changing = MutableStateFlow<BenchmarkState>(BenchmarkState.Idle)
    private var running: Job? = null

    val state: StateFlow<BenchmarkState> = changing.asStateFlow()
    val models: List<ModelSource> = services.store.list()

    /** Measures a model with the questions that ship with edgebert. */
    fun start(source: ModelSource, threads: Int) = run(null) {
        BenchmarkPlan(
            models = listOf(BenchmarkPlan.Candidate(source, source.name, null)),
            threads = listOf(threads),
            inputs = listOf(Texts.shipped(services.questions())),
            until = Until(null, MIN_SECONDS),
        )
    }

    /** Measures what a computer asks for, and tells it by events in [folder]. */
    fun start(job: File, id: String, folder: File) {
        val events = try {
            EventFile.of(id, folder)
        } catch (error: IOException) {
            changing.value = BenchmarkState.Failed("events cannot be written: ${error.message}")
            return
        }
        if (events == null) {
            changing.value = BenchmarkState.Failed("id: 32 hexadecimal digits are needed")
            return
        }
        run(events) {
            if (!job.canonicalFile.startsWith(services.jobFolder.canonicalFile)) {
                throw EdgebertException("benchmark job: not in ${services.jobFolder}")
            }
            BenchmarkPlan.of(BenchmarkJob.read(job), services)
        }
    }

    fun stop() {
        running?.cancel()
        changing.value = BenchmarkState.Idle
    }

    override fun close() = scope.cancel()

    private fun run(events: EventFile?, plan: () -> BenchmarkPlan) {
        val last = running
        changing.value = BenchmarkState.Running(BenchmarkProgress(0, 1, ""))
        running = scope.launch {
            events.use {
                try {
                    last?.cancelAndJoin()
                    val result = Benchmark(services) { progress ->
                        changing.value = BenchmarkState.Running(progress)
                        events?.progress(progress)
                    }.run(plan())
                    events?.result(result)
                    changing.value = BenchmarkState.Done(result)
                } catch (error: CancellationException) {
                    events?.error("stopped on the phone")
                    throw error
                } catch (error: EdgebertException) {
                    fail(events, error.message.orEmpty())
                } catch (error: IOException) {
                    fail(events, "cannot be read or written: ${error.message}")
                } catch (error: OutOfMemoryError) {
                    fail(events, "not enough memory: ${error.message}")
                } catch (error: RuntimeException) {
                    fail(events, "the app failed: $error")
                }
            }
        }
    }

    private fun fail(events: EventFile?, message: String) {
        events?.error(message)
        changing.value = BenchmarkState.Failed(message)
    }

    private companion object {
        /** Of answers, at least. */
        const val MIN_SECONDS = 2.0
    }
}
