package dev.edgebert.runtime

import dev.edgebert.Timing

/** Adds up where the time of one answer goes. */
internal class Stopwatch {
    private var tokenize = 0L
    private var set = 0L
    private var invoke = 0L
    private var answer = 0L
    private var wait = 0L

    fun <T> tokenizing(action: () -> T): T = timed(action) { tokenize += it }

    fun <T> setting(action: () -> T): T = timed(action) { set += it }

    fun <T> invoking(action: () -> T): T = timed(action) { invoke += it }

    /** Waiting for a turn, which counts nowhere. */
    fun <T> waiting(action: () -> T): T = timed(action) { wait += it }

    /** All from ids to answer, setting, invoking and waiting included. */
    fun <T> answering(action: () -> T): T = timed(action) { answer += it }

    fun timing() = Timing(tokenize, set, invoke, answer - set - invoke - wait)

    private inline fun <T> timed(action: () -> T, add: (Long) -> Unit): T {
        val start = System.nanoTime()
        val result = action()
        add(System.nanoTime() - start)
        return result
    }
}
