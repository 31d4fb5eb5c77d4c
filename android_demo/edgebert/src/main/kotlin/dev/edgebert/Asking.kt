package dev.edgebert

import kotlinx.coroutines.CoroutineDispatcher
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.runInterruptible

/**
 * Asks the model something off the calling thread: `model.ask { classify(text) }`.
 *
 * Where the coroutine is cancelled, as when the next key is pressed, an ask that waits for its turn never runs, and
 * one with a long text stops at the next window.
 */
suspend fun <T> EdgebertModel.ask(
    dispatcher: CoroutineDispatcher = Dispatchers.Default,
    ask: EdgebertModel.() -> T,
): T = runInterruptible(dispatcher) { ask() }
