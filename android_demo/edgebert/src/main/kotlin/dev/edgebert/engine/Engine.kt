package dev.edgebert.engine

import java.io.Closeable
import java.nio.ByteBuffer
import java.nio.FloatBuffer
import java.nio.IntBuffer

/**
 * What runs the graph inside a file.
 *
 * [TensorFlowLite] is the default. An app may bring another, such as one for an accelerator, and name it in
 * [dev.edgebert.Options] before the default: it is taken where it opens the file and passes the file's self-test.
 */
interface Engine {
    /** Name and version, for reports and logs. */
    val name: String

    /**
     * Opens the graph of a file.
     *
     * Where it cannot, it throws a RuntimeException, an EdgebertException where it has a typed reason, or a LinkageError;
     * the message is for logs.
     *
     * @param threads that one run may use.
     */
    fun open(file: GraphFile, threads: Int): Graph
}

/**
 * A file whose graph an engine is to open.
 *
 * @property bytes the whole file, in memory or mapped; a direct buffer in native order, which stays as it is until the
 *   graph is closed.
 * @property inputs names that its inputs have to have.
 * @property lengths numbers of tokens that its graphs take, ascending, of a file of fixed lengths (`edgebert convert
 *   --length`): a graph each, whose signature is `length_N` and whose output is called `output`. Empty: one graph that
 *   takes any number.
 */
class GraphFile(val bytes: ByteBuffer, val inputs: Set<String>, val lengths: List<Int>)

/**
 * An open graph. All its inputs are int32 [1, n], the lengths n are set by [resize]; it has one output, or two.
 *
 * For one thread at a time. Like [Engine.open] its functions throw a RuntimeException or a LinkageError where they fail.
 */
interface Graph : Closeable {
    /** Names of the inputs. */
    val inputs: Set<String>

    /** Shape of the output; before the first run, axes that depend on lengths may have any size. */
    val outputShape: IntArray

    /** Type of the output's values as TensorFlow Lite calls it; FLOAT32 is needed. */
    val outputType: String

    /** Sets the length of each input; in a file of fixed lengths to those of one of its graphs. */
    fun resize(lengths: Map<String, Int>)

    /** The values of an input, to be written between [resize] and [run]; what was written before may be gone. */
    fun input(name: String): IntBuffer

    /** Computes the output. */
    fun run()

    /** The values of the output in row order; good until the next call of any function. */
    fun output(): FloatBuffer

    /**
     * The values of the second output likewise; only files made with `edgebert convert --teachable` have one, and only
     * [dev.edgebert.Taught] asks for it.
     */
    fun secondOutput(): FloatBuffer = throw UnsupportedOperationException("this engine gives one output")

    override fun close()
}
