package dev.edgebert

import android.content.Context
import android.net.Uri
import dev.edgebert.index.length
import dev.edgebert.modelfile.ModelFile
import dev.edgebert.modelfile.Record
import dev.edgebert.modelfile.SelfTest
import dev.edgebert.modelfile.readModelFile
import dev.edgebert.runtime.Session
import dev.edgebert.runtime.Stopwatch
import dev.edgebert.runtime.difference
import dev.edgebert.runtime.openSession
import dev.edgebert.tasks.Answering
import dev.edgebert.tasks.FillingMasks
import dev.edgebert.tasks.Job
import dev.edgebert.tasks.Run
import dev.edgebert.tasks.Single
import dev.edgebert.tasks.Tagging
import dev.edgebert.tasks.WholeText
import dev.edgebert.tasks.namingLabels
import dev.edgebert.tasks.toLengthOne
import dev.edgebert.tokenizer.Encoding
import dev.edgebert.tokenizer.Tokenizer
import java.io.Closeable
import java.io.File
import java.io.FileDescriptor
import java.nio.ByteBuffer
import java.nio.ByteOrder
import java.security.MessageDigest
import java.util.concurrent.locks.ReentrantLock

/**
 * A model made by `edgebert convert`, ready for text.
 *
 * There is a method for each task; a file answers to that of its own [task] alone. Threads may share a model; they
 * take turns, also between the windows of a long text. Calls block: off the main thread, or through [ask]. A thread
 * that is interrupted stops waiting for its turn, and between the windows of a long text, with [Reason.Interrupted].
 *
 * From asset to label in one line: `EdgebertModel.fromAsset(context, "intents.tflite").use { it.classify(text).value.label }`
 *
 * A file is mapped where that can be, not copied; what is mapped goes when the garbage collector finds that nobody uses
 * it.
 *
 * @property name of the file.
 * @property record what the file tells about itself.
 */
class EdgebertModel private constructor(
    val name: String,
    private val file: ModelFile,
    private val whole: ByteBuffer,
    options: Options,
) : Closeable {
    val record: Record = file.record
    val task: Task get() = record.task

    /** In the order of the outputs; empty where the task has none. */
    val labels: List<String> get() = record.labels

    /** Most tokens of one input. */
    val maxLength: Int get() = record.maxLength

    val tokenizer: Tokenizer = Tokenizer(file.vocabulary, record.tokenizer)

    private val turns = ReentrantLock(true)
    private val notTaken = ArrayList<EngineNotTaken>()
    private var session: Session? = openSession(whole, name, record, options, notTaken::add)

    /** Name and version of the engine that runs the graph. */
    val runtime: String = checkNotNull(session).engine.name

    /** Of [Options.engines] those that were not taken, each with why. */
    val enginesNotTaken: List<EngineNotTaken> get() = notTaken

    /** Size of the file. */
    val bytes: Long get() = whole.limit().toLong()

    /** SHA-256 of the file, by which an index knows its model. */
    internal val sha256: ByteArray by lazy {
        MessageDigest.getInstance("SHA-256").apply { update(whole.duplicate()) }.digest()
    }

    @Volatile
    private var closed = false

    internal val asks = Asks(name)

    private val embedding by lazy { WholeText(tokenizer, if (record.normalize) ::toLengthOne else ({ it })) { it } }
    private val classifying by lazy { WholeText(tokenizer, finish = namingLabels(record)) }
    private val scoring by lazy { WholeText(tokenizer) { it } }
    private val regressing by lazy { WholeText(tokenizer) { it[0] } }
    private val tagging by lazy { Tagging(file, tokenizer) }
    private val answering by lazy { Answering(file, tokenizer) }
    private val fillingMasks by lazy { FillingMasks(file, tokenizer) }

    /**
     * The best label for a text, or a text and its pair, with the score of every label.
     *
     * @param truncate which text of a pair gives way where both do not fit.
     * @param long what to do with a single text that does not fit.
     * @param stride most tokens from one window's start to the next; null: a whole window.
     */
    @JvmOverloads
    @Throws(EdgebertException::class)
    fun classify(
        text: String,
        pair: String? = null,
        truncate: Truncate = Truncate.LONGEST,
        long: LongText = LongText.TRUNCATE,
        stride: Int? = null,
    ): Reply<Classification> = reply(Task.CLASSIFY) { classifying.prepare(text, pair, truncate, long, stride) }

    /** The scores of a classifier made with `--teachable`, and behind them the hidden state; parameters as for [classify]. */
    internal fun scoresAndHidden(
        text: String,
        pair: String?,
        truncate: Truncate,
        long: LongText,
        stride: Int?,
    ): Reply<FloatArray> = reply(Task.CLASSIFY, hidden = true) { scoring.prepare(text, pair, truncate, long, stride) }

    /** A value for a text, or a text and its pair; parameters as for [classify]. */
    @JvmOverloads
    @Throws(EdgebertException::class)
    fun regress(
        text: String,
        pair: String? = null,
        truncate: Truncate = Truncate.LONGEST,
        long: LongText = LongText.TRUNCATE,
        stride: Int? = null,
    ): Reply<Float> = reply(Task.REGRESS) { regressing.prepare(text, pair, truncate, long, stride) }

    /**
     * A vector for a text, or a text and its pair; parameters as for [classify], and:
     *
     * @param prompt name of one of the file's prompts, which is put before the text ("query", "passage"); null: the
     *   file's default prompt, or none; "": none. In the first window alone.
     */
    @JvmOverloads
    @Throws(EdgebertException::class)
    fun embed(
        text: String,
        pair: String? = null,
        truncate: Truncate = Truncate.LONGEST,
        long: LongText = LongText.TRUNCATE,
        stride: Int? = null,
        prompt: String? = null,
    ): Reply<FloatArray> = reply(Task.EMBED) {
        embedding.prepare(promptText(prompt) + text, pair, truncate, long, stride)
    }

    /** The hidden states of a text, or a text and its pair: a row for each token, special ones included. */
    @JvmOverloads
    @Throws(EdgebertException::class)
    fun encode(
        text: String,
        pair: String? = null,
        truncate: Truncate = Truncate.LONGEST,
    ): Reply<Array<FloatArray>> = reply(Task.ENCODE) {
        Single(tokenizer.encode(text, pair, truncate = truncate)) { it.rows() }
    }

    /**
     * The labelled spans of a text: names, places, parts of speech.
     *
     * @param strategy whose label a word of several pieces has.
     * @param long what to do with a text that does not fit: cut its end off and say so, or take each token from the
     *   window that shows most text around it.
     * @param stride most tokens from one window's start to the next; null: half a window.
     */
    @JvmOverloads
    @Throws(EdgebertException::class)
    fun tag(
        text: String,
        strategy: Strategy = Strategy.FIRST,
        long: LongTagging = LongTagging.TRUNCATE,
        stride: Int? = null,
    ): Reply<List<Span>> = reply(Task.TAG) { tagging.prepare(text, strategy, long, stride) }

    /**
     * The best answers to a question in a context of any length, the best first; none where there is none.
     *
     * @param question takes at most half the room; beyond that its end is cut off.
     * @param top most answers to give.
     * @param nullThreshold null: there is always an answer. A number: there is none where the logit of the null
     *   answer ([CLS]; the lowest of all windows) is above that of the best answer by more than this, as in SQuAD
     *   2.0, where 0 is usual.
     * @param maxAnswerLength most tokens in an answer.
     * @param stride most tokens from one window's start to the next; null: half a window. An answer that no window
     *   holds whole is not found.
     */
    @JvmOverloads
    @Throws(EdgebertException::class)
    fun answer(
        question: String,
        context: String,
        top: Int = 1,
        nullThreshold: Float? = null,
        maxAnswerLength: Int = 30,
        stride: Int? = null,
    ): Reply<List<Answer>> = reply(Task.ANSWER) {
        answering.prepare(question, context, top, nullThreshold, maxAnswerLength, stride)
    }

    /**
     * The best word pieces for each [MASK] of a text, the best first.
     *
     * @param top number of pieces to give for each mask.
     */
    @JvmOverloads
    @Throws(EdgebertException::class)
    fun fillMask(text: String, top: Int = 5): Reply<List<List<Fill>>> =
        reply(Task.FILL_MASK) { fillingMasks.prepare(text, top) }

    /**
     * The graph's own output for token ids; where it has a row for each token, without padding.
     *
     * @param ids token ids, special ones included.
     * @param segmentIds 0 or 1 for each token; null: all 0.
     * @param positions of fill-mask: the tokens to compute; null: all.
     */
    @JvmOverloads
    @Throws(EdgebertException::class)
    fun runIds(ids: IntArray, segmentIds: IntArray? = null, positions: IntArray? = null): Reply<Output> {
        ids.find { it !in file.vocabulary.indices }?.let {
            throw EdgebertException(Reason.WrongArgument("ids"), "id $it: ids go from 0 to ${file.vocabulary.size - 1}")
        }
        if (segmentIds != null && (segmentIds.size != ids.size || segmentIds.any { it !in 0..1 })) {
            throw EdgebertException(Reason.WrongArgument("segmentIds"), "segment ids: ${ids.size} of them are needed, each 0 or 1")
        }
        val every = record.furtherInputs.associateWith { IntArray(ids.size) { token -> token } }
        val further = if (positions == null) every else mapOf("positions" to positions)
        val watch = Stopwatch()
        val input = Encoding(ids, segmentIds ?: IntArray(ids.size), truncated = false, texts = emptyList())
        val output = answering(watch) { run -> run(input, further) }
        return Reply(output, ids.size, truncated = false, watch.timing())
    }

    /** Runs the texts recorded in the file and compares ids and outputs. */
    @Throws(EdgebertException::class)
    fun selfTest(): SelfTestReport {
        val failures = ArrayList<String>()
        var largest = 0f
        for (case in record.selfTest) {
            val name = "'${case.text.take(40)}'"
            val output = if (tokenizer.encode(case.text, case.pair).ids.contentEquals(case.ids)) runCase(case) else null
            if (output == null) {
                failures.add("$name: tokenised differently")
            } else if (!output.shape.contentEquals(case.shape)) {
                failures.add("$name: output has shape ${output.shape.asList()}, recorded is ${case.shape.asList()}")
            } else {
                val difference = difference(output, case)
                largest = maxOf(largest, difference)
                if (!(difference <= record.selfTestTolerance)) failures.add("$name: output is off by $difference")
            }
        }
        return SelfTestReport(record.selfTest.size, failures, largest, record.selfTestTolerance)
    }

    /**
     * The model cannot be used any more. Blocks nobody: the runtime's memory goes at once, or, where a call is under
     * way, at the end of its window.
     */
    override fun close() {
        closed = true
        release()
    }

    /** Frees the runtime's memory, unless somebody has a turn, who does it then. */
    private fun release() {
        if (!turns.tryLock()) return
        try {
            session?.close()
            session = null
        } finally {
            turns.unlock()
        }
    }

    private fun promptText(name: String?): String {
        val prompts = record.prompts
        return when (name) {
            null -> prompts[record.defaultPrompt].orEmpty()
            "" -> ""
            else -> prompts[name] ?: throw EdgebertException(
                Reason.UnknownPrompt(name, prompts.keys),
                "prompt '${name.take(40)}' is unknown; " +
                    if (prompts.isEmpty()) "the file has none" else "accepted: ${prompts.keys.sorted().joinToString()}",
            )
        }
    }

    private fun runCase(case: SelfTest): Output =
        answering(Stopwatch()) { run -> run(Encoding(case.ids, case.segmentIds, false, emptyList()), case.further) }

    private fun <T> reply(method: Task, hidden: Boolean = false, prepare: () -> Job<T>): Reply<T> {
        if (task != method) throw EdgebertException(Reason.WrongTask(task, method), "$name: is for ${task.id}, not for ${method.id}")
        val watch = Stopwatch()
        val job = enoughMemory { watch.tokenizing(prepare) }
        val value = answering(watch, hidden, job::answer)
        return Reply(value, job.inputs.sumOf { it.ids.size }, job.truncated, watch.timing())
    }

    private fun <T> answering(watch: Stopwatch, hidden: Boolean = false, answer: (Run) -> T): T = enoughMemory {
        watch.answering {
            answer { input, further -> inTurn(watch) { it.run(input.ids, input.segmentIds, further, watch, hidden) } }
        }
    }

    /** Runs something when nobody else does. */
    private fun <T> inTurn(watch: Stopwatch, action: (Session) -> T): T {
        watch.waiting(::waitForTurn)
        try {
            return action(session.takeUnless { closed } ?: throw EdgebertException(Reason.Closed, "$name: the model is closed"))
        } finally {
            turns.unlock()
            if (closed) release()
        }
    }

    private fun waitForTurn() = try {
        turns.lockInterruptibly()
    } catch (error: InterruptedException) {
        Thread.currentThread().interrupt()
        throw EdgebertException(Reason.Interrupted, "$name: the thread was interrupted", error)
    }

    private inline fun <T> enoughMemory(action: () -> T): T = try {
        action()
    } catch (error: OutOfMemoryError) {
        throw EdgebertException(Reason.OutOfMemory, "$name: out of memory; shorten the text or take a smaller model", error)
    }

    companion object {
        /**
         * Opens a file of the app's assets: `EdgebertModel.fromAsset(context, "intents.tflite")`.
         *
         * It is mapped where it lies inside the APK, if it lies there uncompressed
         * (`androidResources { noCompress += "tflite" }`); a compressed one is copied into memory.
         *
         * @param path below the folder of assets.
         * @throws EdgebertException no such file, not a file of edgebert's, damaged, too new, or too large for the
         *   memory there is.
         */
        @JvmStatic
        @JvmOverloads
        @Throws(EdgebertException::class)
        fun fromAsset(context: Context, path: String, options: Options = Options()): EdgebertModel =
            opened(Opening.asset(context, path), File(path).name, options)

        /**
         * Opens a file.
         *
         * It is mapped: as long as the model is open it must not be changed or cut off in place, which would end the
         * process. Whoever brings a newer one writes another file and renames it.
         *
         * @throws EdgebertException as [fromAsset].
         */
        @JvmStatic
        @JvmOverloads
        @Throws(EdgebertException::class)
        fun fromFile(file: File, options: Options = Options()): EdgebertModel =
            opened(Opening.file(file), file.name, options)

        /**
         * Opens a document that the user picked, or that another app shares.
         *
         * It is copied into memory, since whoever owns it may change it at any time. To open it again later, copy it
         * into a file of the app's own and take [fromFile], which also needs less memory.
         *
         * @throws EdgebertException as [fromAsset], or the app that owns it does not give it.
         */
        @JvmStatic
        @JvmOverloads
        @Throws(EdgebertException::class)
        fun fromUri(context: Context, uri: Uri, options: Options = Options()): EdgebertModel =
            opened(Opening.uri(context, uri), uri.lastPathSegment ?: uri.toString(), options)

        /**
         * Opens a file that is in memory or mapped, from the buffer's position to its limit.
         *
         * @param buffer a direct one; it is not copied, and must not change while the model is open.
         * @param name of the file, for messages.
         * @throws EdgebertException as [fromAsset].
         */
        @JvmStatic
        @JvmOverloads
        @Throws(EdgebertException::class)
        fun fromBuffer(buffer: ByteBuffer, name: String, options: Options = Options()): EdgebertModel {
            if (!buffer.isDirect) {
                throw EdgebertException(Reason.WrongArgument("buffer"), "$name: a direct or mapped buffer is needed")
            }
            return opened(buffer.slice(), name, options)
        }

        /**
         * Opens a file that lies inside another, uncompressed.
         *
         * @param descriptor of the other file; it may be closed afterwards.
         * @param offset where the file begins, in bytes.
         * @param length of the file, in bytes.
         * @param name of the file, for messages.
         * @throws EdgebertException as [fromAsset].
         */
        @JvmStatic
        @JvmOverloads
        @Throws(EdgebertException::class)
        fun fromDescriptor(
            descriptor: FileDescriptor,
            offset: Long,
            length: Long,
            name: String,
            options: Options = Options(),
        ): EdgebertModel = opened(Opening.descriptor(descriptor, offset, length, name), name, options)

        /**
         * The cosine of two vectors of [embed], -1 to 1; 0 where one is all zeros.
         *
         * @throws IllegalArgumentException they differ in size.
         */
        @JvmStatic
        fun cosineSimilarity(one: FloatArray, other: FloatArray): Float {
            require(one.size == other.size) { "vectors of ${one.size} and ${other.size} numbers" }
            val lengths = one.length() * other.length()
            return if (lengths == 0.0) 0f else (one.indices.sumOf { one[it].toDouble() * other[it] } / lengths).toFloat()
        }

        private fun opened(buffer: ByteBuffer, name: String, options: Options): EdgebertModel = try {
            val model = buffer.order(ByteOrder.nativeOrder())
            EdgebertModel(name, readModelFile(model, name), model, options)
        } catch (error: OutOfMemoryError) {
            throw EdgebertException(Reason.OutOfMemory, "$name: out of memory; take a smaller model", error)
        }
    }
}

private fun Output.rows(): Array<FloatArray> {
    val width = shape.last()
    return Array(values.size / width) { values.copyOfRange(it * width, (it + 1) * width) }
}
