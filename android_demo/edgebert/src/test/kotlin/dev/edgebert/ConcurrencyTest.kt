package dev.edgebert

import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.delay
import kotlinx.coroutines.isActive
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeoutOrNull
import org.junit.jupiter.api.AfterEach
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import java.io.File
import kotlin.concurrent.thread

/** Asks in a hurry: nobody waits for a model who has not asked it, and nobody who has changed their mind. */
class ConcurrencyTest {
    private val model = EdgebertModel.fromFile(File(MADE, "exact.tflite"))

    /** Two hundred windows of 128 tokens through MiniLM in float32: seconds. */
    private val long = "Where is my card? ".repeat(5000)

    @AfterEach
    fun close() = model.close()

    @Test
    fun `twelve asks keep no other coroutine waiting`() = runBlocking(Dispatchers.Default) {
        val asks = List(12) { launch { model.ask { classify(long, long = LongText.MEAN) } } }
        val late = latest(500)
        println("12 asks under way: another coroutine was at most $late ms late")
        assertTrue(late < FEW_MILLIS) { "$late ms late" }
        asks.forEach { it.cancelAndJoin() }
    }

    @Test
    fun `an ask that waits ends as soon as it is cancelled`() = runBlocking(Dispatchers.Default) {
        val asks = List(12) { launch { model.ask { classify(long, long = LongText.MEAN) } } }
        delay(200)
        val start = System.nanoTime()
        assertNull(withTimeoutOrNull(5) { model.ask { classify("Where is my card?") } })
        val millis = (System.nanoTime() - start) / 1_000_000
        println("a waiting ask with a limit of 5 ms ended after $millis ms")
        assertTrue(millis < FEW_MILLIS) { "$millis ms" }
        asks.forEach { it.cancelAndJoin() }
    }

    @Test
    fun `a short text overtakes a long one between its windows`() = runBlocking(Dispatchers.Default) {
        val first = launch { model.ask { classify(long, long = LongText.MEAN) } }
        delay(200)
        model.ask { classify("Where is my card?") }
        assertTrue(first.isActive)
        first.cancelAndJoin()
    }

    @Test
    fun `closing blocks nobody, and ends what is under way`() {
        var failure: Throwable? = null
        val asking = thread {
            try {
                model.classify(long, long = LongText.MEAN)
            } catch (error: EdgebertException) {
                failure = error
            }
        }
        Thread.sleep(300)
        val start = System.nanoTime()
        model.close()
        val millis = (System.nanoTime() - start) / 1_000_000
        println("close() took $millis ms while a text was under way")
        assertTrue(millis < FEW_MILLIS) { "$millis ms" }
        asking.join()
        assertEquals("exact.tflite: the model is closed", failure?.message)
    }

    /** How much longer than asked for a delay took, at most, in that many milliseconds. */
    private suspend fun CoroutineScope.latest(millis: Long): Long {
        val end = System.nanoTime() + millis * 1_000_000
        var latest = 0L
        while (isActive && System.nanoTime() < end) {
            val start = System.nanoTime()
            delay(5)
            latest = maxOf(latest, (System.nanoTime() - start) / 1_000_000 - 5)
        }
        return latest
    }

    private companion object {
        /** Few beside the seconds of an ask, though a machine that is busy may take them for anything. */
        const val FEW_MILLIS = 500L
    }
}
