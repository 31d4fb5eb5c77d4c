package dev.edgebert

import dev.edgebert.engine.Engine
import dev.edgebert.engine.Graph
import dev.edgebert.engine.GraphFile
import dev.edgebert.engine.InterpreterEngine
import dev.edgebert.engine.TensorFlowLite
import dev.edgebert.modelfile.Record
import dev.edgebert.runtime.openSession
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import java.io.File
import java.nio.ByteBuffer
import java.nio.ByteOrder
import java.nio.FloatBuffer

/** Engines of an app's own: the file's self-test decides whether their answers count. */
class EnginesTest {
    private val question = "Where is my card?"
    private val expected = open(TensorFlowLite).use { it.classify(question).value }

    @Test
    fun `an engine that gives what the file recorded is taken`() = open(Changed("exact") { it }, TensorFlowLite).use {
        assertEquals("exact", it.runtime)
        assertEquals(expected, it.classify(question).value)
        assertEquals(emptyList<EngineNotTaken>(), it.enginesNotTaken)
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
            val (wrong, notANumber, broken, missing) = it.enginesNotTaken
            assertEquals(0.5f, (wrong.reason as Reason.WrongAnswers).difference, 0.01f)
            assertTrue((notANumber.reason as Reason.WrongAnswers).difference.isNaN())
            assertEquals("broken", (broken.reason as Reason.EngineFailed).engine)
            assertTrue("no such kernel" in broken.message) { broken.message }
            assertEquals(listOf("wrong", "not a number", "broken", "missing"), it.enginesNotTaken.map(EngineNotTaken::engine))
            assertEquals("missing", (missing.reason as Reason.EngineFailed).engine)
        }
    }

    @Test
    fun `one whose numbers point elsewhere is passed over, within the tolerance as they may be`() {
        val turned = Changed("turned") { it + 0.04f }
        EdgebertModel.fromFile(File(MADE, "embed.tflite"), Options(engines = listOf(turned, TensorFlowLite))).use {
            assertTrue(it.record.selfTestTolerance > 0.04f) { "${it.record.selfTestTolerance}" }
            assertTrue((it.enginesNotTaken.single().reason as Reason.WrongAnswers).cosine < 0.999f)
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
    fun `the default opens no file of several lengths, and says what does`() {
        val error = assertThrows(EdgebertException::class.java) { EdgebertModel.fromFile(File(MADE, "fixed/embed.tflite")) }
        assertEquals(Reason.Unsupported(Feature.SEVERAL_LENGTHS), error.reason)
        assertTrue("CompiledModelEngine" in error.message!!) { error.message!! }
    }

    @Test
    fun `what the last engine cannot do is an error that names it`() {
        val error = assertThrows(EdgebertException::class.java) { open(Missing) }
        assertEquals("missing", (error.reason as Reason.EngineFailed).engine)
        assertEquals(Reason.WrongArgument("engines"), assertThrows(EdgebertException::class.java) { open() }.reason)
    }

    @Test
    fun `a file that old runtimes misread is opened by no engine that fails its self-test, not even by the last`() {
        val file = File(MADE, "classify.tflite")
        val record = EdgebertModel.fromFile(file).use { it.record }
        val model = ByteBuffer.allocateDirect(file.length().toInt()).order(ByteOrder.nativeOrder()).put(file.readBytes()).apply { flip() }
        fun opened(needed: String, engine: Engine) =
            openSession(model, "x", record.needing(needed), Options(engines = listOf(engine))) {}

        val wrong = Changed("wrong") { it + 0.5f }
        opened("2.20", wrong).close()
        opened("2.21", TensorFlowLite).close()
        for (needed in listOf("2.21", "2.22.1", "3")) {
            val error = assertThrows(EdgebertException::class.java) { opened(needed, wrong) }
            assertEquals("wrong", (error.reason as Reason.WrongAnswers).engine)
        }
    }

    private fun Record.needing(runtime: String) = Record(
        task, labels, multiLabel, normalize, maxLength, tokenizer, model, source, quantization, runtime,
        selfTestTolerance, selfTest, prompts, defaultPrompt, graphCrc32c, vectorSize, abstention, fixed,
    )

    private fun open(vararg engines: Engine) =
        EdgebertModel.fromFile(File(MADE, "classify.tflite"), Options(engines = engines.toList()))

    /** The default, its outputs changed. */
    private class Changed(override val name: String, private val change: (Float) -> Float) : Engine {
        override fun open(file: GraphFile, threads: Int): Graph {
            val graph = TensorFlowLite.open(file, threads)
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

        override fun open(file: GraphFile, threads: Int): Graph = throw NoClassDefFoundError("com/example/Accelerator")
    }
}
