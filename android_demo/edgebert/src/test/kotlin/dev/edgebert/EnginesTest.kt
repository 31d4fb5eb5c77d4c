package dev.edgebert

import dev.edgebert.engine.Engine
import dev.edgebert.engine.Graph
import dev.edgebert.engine.InterpreterEngine
import dev.edgebert.engine.TensorFlowLite
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import java.io.File
import java.nio.ByteBuffer
import java.nio.FloatBuffer

/** Engines of an app's own: the file's self-test decides whether their answers count. */
class EnginesTest {
    private val question = "Where is my card?"
    private val expected = open(TensorFlowLite).use { it.classify(question).value }

    @Test
    fun `an engine that gives what the file recorded is taken`() = open(Changed("exact") { it }, TensorFlowLite).use {
        assertEquals("exact", it.runtime)
        assertEquals(expected, it.classify(question).value)
        assertEquals(emptyList<String>(), it.enginesNotTaken)
    }

    @Test
    fun `one whose answers differ, one that fails while it runs, and one that is not there are passed over`() {
        val engines = listOf(
            Changed("wrong") { it + 0.5f },
            Changed("not a number") { Float.NaN },
            Changed("broken") { error("no such kernel") },
            Missing,
            TensorFlowLite,
        )
        open(*engines.toTypedArray()).use {
            assertEquals(TensorFlowLite.name, it.runtime)
            assertEquals(expected, it.classify(question).value)
            assertEquals(listOf("wrong", "not a number", "broken", "missing"), it.enginesNotTaken.map { line -> line.substringBefore(':') })
            assertTrue("self-test: output is off by 0." in it.enginesNotTaken[0]) { it.enginesNotTaken[0] }
            assertTrue("no such kernel" in it.enginesNotTaken[2])
        }
    }

    @Test
    fun `the interpreter is set up as an app wants it`() {
        var asked = 0
        val plain = InterpreterEngine("plain") { options ->
            asked = options.numThreads
            options.setUseXNNPACK(false)
        }
        open(plain, TensorFlowLite).use {
            assertTrue(it.runtime.startsWith("plain 2.")) { it.runtime }
            assertEquals(expected.label, it.classify(question).value.label)
            assertEquals(1, asked)
        }
    }

    @Test
    fun `what the last engine cannot do is an error that names it`() {
        val error = assertThrows(EdgebertException::class.java) { open(Missing) }
        assertEquals("missing", (error.reason as Reason.EngineFailed).engine)
        assertEquals(Reason.WrongArgument("engines"), assertThrows(EdgebertException::class.java) { open() }.reason)
    }

    private fun open(vararg engines: Engine) =
        EdgebertModel.fromFile(File(MADE, "classify.tflite"), Options(engines = engines.toList()))

    /** The default, its outputs changed. */
    private class Changed(override val name: String, private val change: (Float) -> Float) : Engine {
        override fun open(model: ByteBuffer, threads: Int): Graph {
            val graph = TensorFlowLite.open(model, threads)
            return object : Graph by graph {
                override fun output(): FloatBuffer {
                    val values = graph.output()
                    return FloatBuffer.wrap(FloatArray(values.remaining()) { change(values.get()) })
                }
            }
        }
    }

    private object Missing : Engine {
        override val name = "missing"

        override fun open(model: ByteBuffer, threads: Int): Graph = throw NoClassDefFoundError("com/example/Accelerator")
    }
}
