package dev.edgebert.litert

import com.google.ai.edge.litert.Accelerator
import com.google.ai.edge.litert.CompiledModel
import dev.edgebert.EdgebertException
import dev.edgebert.EdgebertModel
import dev.edgebert.Feature
import dev.edgebert.MADE
import dev.edgebert.Options
import dev.edgebert.PythonAnswers
import dev.edgebert.Reason
import dev.edgebert.engine.Engine
import dev.edgebert.engine.Graph
import dev.edgebert.engine.GraphFile
import dev.edgebert.engine.TensorFlowLite
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir
import java.io.File
import java.nio.FloatBuffer

private val FOLDER = File(System.getProperty("java.io.tmpdir"))
private val FIXED = File(MADE, "fixed")

/** Files of several lengths, by a CompiledModel that stands on TensorFlow Lite for JVMs. */
class FixedLengthAnswersTest : PythonAnswers(FIXED, Options(engines = listOf(CompiledModelEngine.cpu(FOLDER))))

/** What the engine does besides answering. */
class CompiledModelEngineTest {
    @Test
    fun `each text runs in the shortest graph that holds it`() {
        val watched = Watched(CompiledModelEngine.cpu(FOLDER))
        open("fixed/embed.tflite", watched).use { model ->
            assertEquals(listOf(16, 64), model.record.fixed?.lengths)
            listOf(1, 16, 17, 64).forEach { model.runIds(IntArray(it) { 5 }) }
            assertEquals(listOf(16, 64), watched.lengths)
            assertThrows(EdgebertException::class.java) { model.runIds(IntArray(65) { 5 }) }
        }
    }

    @Test
    fun `an accelerator that is not there, and one that answers wrongly, leave the file to the next engine`() {
        val wrong = Watched(CompiledModelEngine.cpu(FOLDER)) { it * -1 }
        open("one-length.tflite", CompiledModelEngine.gpu(FOLDER), wrong, TensorFlowLite).use { model ->
            assertEquals(TensorFlowLite.name, model.runtime)
            val (gone, misread) = model.enginesNotTaken
            assertEquals("LiteRT GPU", (gone.reason as Reason.EngineFailed).engine)
            assertTrue("no accelerator for [GPU]" in gone.message) { gone.message }
            assertTrue((misread.reason as Reason.WrongAnswers).cosine < 0)
        }
    }

    @Test
    fun `one that passes the self-test is taken`() =
        open("one-length.tflite", CompiledModelEngine.cpu(FOLDER), TensorFlowLite).use { model ->
            assertEquals("LiteRT", model.runtime)
            assertTrue(model.selfTest().passed)
        }

    @Test
    fun `a file for any length is left to the next engine, and refused where there is none`() {
        open("classify.tflite", CompiledModelEngine.cpu(FOLDER), TensorFlowLite).use {
            assertEquals(Reason.Unsupported(Feature.ANY_LENGTH), it.enginesNotTaken.single().reason)
        }
        val error = assertThrows(EdgebertException::class.java) { open("classify.tflite", CompiledModelEngine.cpu(FOLDER)) }
        assertEquals(Reason.Unsupported(Feature.ANY_LENGTH), error.reason)
    }

    @Test
    fun `no copy of the model stays, and a folder that cannot be written is told`(@TempDir folder: File) {
        open("fixed/embed.tflite", CompiledModelEngine.cpu(folder)).use {
            assertEquals(emptyList<String>(), folder.list()!!.asList())
            it.embed("Where is my card?")
        }
        val error = assertThrows(EdgebertException::class.java) {
            open("fixed/embed.tflite", CompiledModelEngine.cpu(File(folder, "none")))
        }
        assertTrue("no copy of the model" in error.message!!) { error.message!! }
    }

    @Test
    fun `threads and accelerator are what was asked for`() {
        var asked = 0
        val engine = CompiledModelEngine("mine", FOLDER) { threads ->
            asked = threads
            CompiledModel.Options(Accelerator.CPU)
        }
        EdgebertModel.fromFile(File(FIXED, "embed.tflite"), Options(threads = 2, engines = listOf(engine))).use {
            assertEquals("mine", it.runtime)
            assertEquals(2, asked)
        }
    }

    private fun open(file: String, vararg engines: Engine) =
        EdgebertModel.fromFile(File(MADE, file), Options(engines = engines.toList()))

    /** An engine whose lengths are noted and whose outputs are changed. */
    private class Watched(private val engine: Engine, private val change: (Float) -> Float = { it }) : Engine {
        override val name = "watched"
        val lengths = ArrayList<Int>()

        override fun open(file: GraphFile, threads: Int): Graph {
            val graph = engine.open(file, threads)
            return object : Graph by graph {
                override fun resize(lengths: Map<String, Int>) {
                    this@Watched.lengths.add(lengths.getValue("ids"))
                    graph.resize(lengths)
                }

                override fun output(): FloatBuffer {
                    val values = graph.output()
                    return FloatBuffer.wrap(FloatArray(values.remaining()) { change(values.get()) })
                }
            }
        }
    }
}
