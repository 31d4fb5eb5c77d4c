package dev.edgebert.demo.benchmark

import android.util.Log
import dev.edgebert.EdgebertException
import dev.edgebert.demo.AppException
import dev.edgebert.demo.BenchmarkException
import dev.edgebert.demo.Problem
import dev.edgebert.demo.Services
import dev.edgebert.demo.models.ModelSource
import dev.edgebert.demo.problemOf
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
    /** The models are looked up. */
    object Loading : BenchmarkState

    object Idle : BenchmarkState

    data class Running(val progress: BenchmarkProgress) : BenchmarkState

    data class Done(val result: DeviceResult) : BenchmarkState

    data class Failed(val problem: Problem) : BenchmarkState
}

/** The benchmark under way; outlives rotations of its screen. Called on the main thread, measures on [work]. */
class BenchmarkSession(private val services: Services, private val work: CoroutineDispatcher = Dispatchers.Default) : Closeable {
    private val scope = CoroutineScope(SupervisorJob() + work)
    private val changing = MutableStateFlow<BenchmarkState>(BenchmarkState.Loading)
    private var running: Job? = null

    val state: StateFlow<BenchmarkState> = changing.asStateFlow()

    /** Those that can be measured; empty until they are looked up. */
    @Volatile
    var models: List<ModelSource> = emptyList()
        private set

    init {
        scope.launch {
            models = services.store.list()
            changing.compareAndSet(BenchmarkState.Loading, BenchmarkState.Idle)
        }
    }

    /** Measures a model with the questions that ship with edgebert. */
    fun start(source: ModelSource, threads: Int) = run(null) {
        BenchmarkPlan(
            models = listOf(BenchmarkPlan.JobFile(source, source.name, null)),
            threads = listOf(threads),
            inputs = listOf(Texts.shipped(services.questions())),
            rule = StoppingRule(null, MIN_SECONDS),
        )
    }

    /** Measures what a computer asks for, and tells it by events in [folder]. */
    fun start(job: File, id: String, folder: File) {
        val events = try {
            EventFile.of(id, folder)
        } catch (error: IOException) {
            Log.w(TAG, "events cannot be written", error)
            changing.value = BenchmarkState.Failed(Problem.OfApp.BENCHMARK)
            return
        }
        if (events == null) {
            Log.w(TAG, "id: 32 hexadecimal digits are needed")
            changing.value = BenchmarkState.Failed(Problem.OfApp.BENCHMARK)
            return
        }
        run(events) {
            if (!job.canonicalFile.startsWith(services.jobFolder.canonicalFile)) {
                throw BenchmarkException("benchmark job: not in ${services.jobFolder}")
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
                } catch (error: IOException) {
                    fail(events, "cannot be read or written: ${error.message}", error)
                } catch (error: OutOfMemoryError) {
                    fail(events, "not enough memory: ${error.message}", error)
                } catch (error: RuntimeException) {
                    val known = error is EdgebertException || error is AppException
                    fail(events, if (known) error.message.orEmpty() else "the app failed: $error", error)
                }
            }
        }
    }

    /** Tells the computer that asked in full, the person at the screen in their words. */
    private fun fail(events: EventFile?, message: String, error: Throwable) {
        Log.w(TAG, message, error)
        events?.error(message)
        changing.value = BenchmarkState.Failed(problemOf(error) ?: Problem.OfApp.BENCHMARK)
    }

    private companion object {
        const val TAG = "edgebert"

        /** Of answers, at least. */
        const val MIN_SECONDS = 2.0
    }
}
