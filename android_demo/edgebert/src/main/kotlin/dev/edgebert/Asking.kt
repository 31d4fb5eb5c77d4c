package dev.edgebert

import kotlinx.coroutines.asCoroutineDispatcher
import kotlinx.coroutines.async
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.asFlow
import kotlinx.coroutines.flow.buffer
import kotlinx.coroutines.flow.flow
import kotlinx.coroutines.flow.map
import kotlinx.coroutines.flow.toList
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

/**
 * Asks the model about each of some texts, off the calling thread; the answers come in the order of the texts.
 *
 * While one is answered the next ones are tokenised. Nothing is kept of those that were given.
 */
fun <T> EdgebertModel.answers(texts: Flow<String>, ask: EdgebertModel.(String) -> T): Flow<T> = flow {
    coroutineScope {
        texts.map { text -> async { this@answers.ask { ask(text) } } }
            .buffer(Asks.THREADS)
            .collect { emit(it.await()) }
    }
}

/** [answers] to a list of texts, as a list. */
suspend fun <T> EdgebertModel.answers(texts: Iterable<String>, ask: EdgebertModel.(String) -> T): List<T> =
    answers(texts.asFlow(), ask).toList()

/** A model's own threads for asks; more asks than threads wait without one. */
internal class Asks(name: String) {
    private val places = Semaphore(THREADS)
    private val threads = ThreadPoolExecutor(THREADS, THREADS, IDLE_SECONDS, TimeUnit.SECONDS, LinkedBlockingQueue()) {
        Thread(it, "edgebert: $name").apply { isDaemon = true }
    }.apply { allowCoreThreadTimeOut(true) }.asCoroutineDispatcher()

    suspend fun <T> run(action: () -> T): T = places.withPermit { runInterruptible(threads) { interruptible(action) } }

    /** Tells an interrupt, which is how a cancelled ask is ended, as [runInterruptible] wants to hear of it. */
    private fun <T> interruptible(action: () -> T): T = try {
        action()
    } catch (error: EdgebertException) {
        throw if (error.reason == Reason.Interrupted) InterruptedException(error.message) else error
    }

    companion object {
        /** One runs the model; the others tokenise meanwhile, and overtake it between two windows. */
        const val THREADS = 4
        private const val IDLE_SECONDS = 5L
    }
}
