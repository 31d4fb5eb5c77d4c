package dev.edgebert

import kotlinx.coroutines.asCoroutineDispatcher
import kotlinx.coroutines.runInterruptible
import kotlinx.coroutines.sync.Semaphore
import kotlinx.coroutines.sync.withPermit
import java.util.concurrent.LinkedBlockingQueue
import java.util.concurrent.ThreadPoolExecutor
import java.util.concurrent.TimeUnit

/**
 * Asks the model something off the calling thread: `model.ask { classify(text) }`.
 *
 * The model has few threads of its own for this, so that no thread of a dispatcher waits for it; of several asks the
 * one with a long text gives way between its windows. Where the coroutine is cancelled, as when the next key is
 * pressed, an ask that waits for its turn ends at once, and one that is under way at the end of its window.
 */
suspend fun <T> EdgebertModel.ask(ask: EdgebertModel.() -> T): T = asks.run { ask() }

/** A model's own threads for asks; more asks than threads wait without one. */
internal class Asks(name: String) {
    private val places = Semaphore(THREADS)
    private val threads = ThreadPoolExecutor(THREADS, THREADS, IDLE_SECONDS, TimeUnit.SECONDS, LinkedBlockingQueue()) {
        Thread(it, "edgebert: $name").apply { isDaemon = true }
    }.apply { allowCoreThreadTimeOut(true) }.asCoroutineDispatcher()

    suspend fun <T> run(action: () -> T): T = places.withPermit { runInterruptible(threads, action) }

    private companion object {
        /** One runs the model; the others tokenise meanwhile, and overtake it between two windows. */
        const val THREADS = 4
        const val IDLE_SECONDS = 5L
    }
}
