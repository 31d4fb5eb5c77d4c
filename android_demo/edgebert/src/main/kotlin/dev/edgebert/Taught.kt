package dev.edgebert

import dev.edgebert.modelfile.MOST_LABELS
import dev.edgebert.modelfile.TaughtLabel
import dev.edgebert.modelfile.TaughtLabels
import dev.edgebert.modelfile.checkLabel
import dev.edgebert.modelfile.readTaught
import dev.edgebert.modelfile.writeTaught
import dev.edgebert.tasks.ClassifierMethod
import dev.edgebert.tasks.EmbedderMethod
import dev.edgebert.tasks.TeachingMethod
import dev.edgebert.tasks.toLengthOne
import java.io.File

/**
 * A classifier to which labels are taught by a few sentences, on the device.
 *
 * Of a file for embed all labels are taught; a classifier made with `edgebert convert --teachable` has its own beside
 * them. What is taught lies in a side file at once, which is replaced whole; the model's file never changes. The side
 * file is that of `edgebert teach` in Python: either side reads what the other has written.
 *
 * Threads may share one; each answer is by the labels of one moment. The model must stay open as long as it is used,
 * and no other may write the side file meanwhile. Calls block: off the main thread.
 */
class Taught private constructor(private val model: EdgebertModel, private val file: File, private val method: TeachingMethod) {
    /** What follows from a label's entry alone: its prototype, and how far that reaches. */
    private class Row(val entry: TaughtLabel, method: TeachingMethod) {
        val prototype = toLengthOne(entry.mean())
        val reach = method.reach(prototype)
    }

    /** What is computed of a label before stays where its entry is the same. */
    private class Known(val taught: TaughtLabels, method: TeachingMethod, before: Known?) {
        val rows: Map<String, Row> = taught.labels.mapValues { (label, entry) ->
            before?.rows?.get(label)?.takeIf { it.entry == entry } ?: Row(entry, method)
        }
        val labels = rows.keys.toList()
        val prototypes = method.prototypes(labels, rows.values.map { it.prototype }, rows.values.map { it.reach })
    }

    private val lock = Any()

    @Volatile
    private var known = Known(readTaught(file, method.fingerprint, method.width), method, before = null)

    /** The file's own, and those that are taught. */
    val labels: List<String> get() = method.labels + known.labels

    /** The labels that are taught, and how many sentences each was taught with. */
    val taught: Map<String, Long> get() = known.taught.labels.mapValues { it.value.texts }

    /** Whether there is a change that [undo] takes back; it lies in the side file, too. */
    val canUndo: Boolean get() = known.taught.undo.isNotEmpty()

    /**
     * The best label for a text; parameters as for [EdgebertModel.classify].
     *
     * @throws EdgebertException as there, or no label is taught yet to a file for embed.
     */
    @JvmOverloads
    @Throws(EdgebertException::class)
    fun classify(
        text: String,
        pair: String? = null,
        truncate: Truncate = Truncate.LONGEST,
        long: LongText = LongText.TRUNCATE,
        stride: Int? = null,
    ): Reply<Classification> {
        val now = known
        if (method.labels.isEmpty() && now.labels.isEmpty()) throw EdgebertException(Reason.NothingTaught, "$file: no label is taught yet; teach one or more")
        val reply = output(text, pair, truncate, long, stride)
        val start = System.nanoTime()
        val answer = method.answer(reply.value, now.prototypes)
        val timing = reply.timing.run { copy(finishNanos = finishNanos + System.nanoTime() - start) }
        return Reply(answer, reply.tokens, reply.truncated, timing)
    }

    /**
     * Teaches a label, or more sentences of one that is known already.
     *
     * @param label its name, of at most 100 printable characters.
     * @param texts sentences that belong to it.
     * @throws EdgebertException a wrong name, one of the file's own, no sentence, one without words, too many labels, or
     *   the side file cannot be read or written; nothing is changed.
     */
    @Throws(EdgebertException::class)
    fun teach(label: String, texts: List<String>) {
        checkLabel(label)
        if (label in method.labels) throw wrong("label", "label '$label' is one of the file's own; teach another")
        if (texts.isEmpty()) throw wrong("texts", "label '$label': no sentences given; one or more are needed")
        val points = texts.map(::point)
        change { taught ->
            if (label !in taught.labels && taught.labels.size == MOST_LABELS) {
                throw wrong("label", "${MOST_LABELS + 1} labels; at most $MOST_LABELS can be taught")
            }
            mapOf(label to withMore(taught.labels[label], points))
        }
    }

    /**
     * Forgets a label; the answers by the others are as they were, bit for bit.
     *
     * @throws EdgebertException there is no such label, or the side file cannot be written.
     */
    @Throws(EdgebertException::class)
    fun forget(label: String) = change { taught ->
        if (label !in taught.labels) throw wrong("label", "label '${label.take(40)}' is not taught; taught are: ${taught.labels.keys.take(20)}")
        mapOf(label to null)
    }

    /**
     * Takes the last change back, bit for bit; once more brings it again.
     *
     * @return the labels that were changed; none where there is nothing to take back.
     * @throws EdgebertException the side file cannot be written.
     */
    @Throws(EdgebertException::class)
    fun undo(): Set<String> {
        change { it.undo }
        return known.taught.undo.keys
    }

    /** Python may have replaced the file meanwhile, so it is read anew. */
    private fun change(changes: (TaughtLabels) -> Map<String, TaughtLabel?>) = synchronized(lock) {
        val taught = readTaught(file, method.fingerprint, method.width)
        val wanted = changes(taught)
        if (wanted.isNotEmpty()) {
            val changed = taught.changed(wanted)
            writeTaught(file, changed)
            known = Known(changed, method, known)
        }
    }

    private fun point(text: String): FloatArray {
        if (model.tokenizer.ids(text).isEmpty()) {
            throw EdgebertException(Reason.NoWords, "sentence '${text.take(40)}' has no words; nothing is learned from it")
        }
        return method.point(output(text, null, Truncate.LONGEST, LongText.TRUNCATE, null).value)
    }

    private fun output(text: String, pair: String?, truncate: Truncate, long: LongText, stride: Int?): Reply<FloatArray> =
        if (model.task == Task.EMBED) {
            model.embed(text, pair, truncate, long, stride)
        } else {
            model.scoresAndHidden(text, pair, truncate, long, stride)
        }

    companion object {
        /**
         * Opens a side file for a model; one that is not there holds nothing, and is made when something is taught.
         *
         * @param file as a rule beside the model, with `.taught` at its end.
         * @throws EdgebertException labels cannot be taught to the model, or the side file is damaged, of a later
         *   version or another model's.
         */
        @JvmStatic
        @Throws(EdgebertException::class)
        fun open(model: EdgebertModel, file: File): Taught = Taught(model, file, methodFor(model))

        private fun methodFor(model: EdgebertModel): TeachingMethod {
            val record = model.record
            val teaching = record.teaching
            return when {
                record.graphCrc32c == null -> null
                model.task == Task.EMBED -> EmbedderMethod(record)
                model.task == Task.CLASSIFY && teaching != null -> ClassifierMethod(record, teaching)
                else -> null
            } ?: throw EdgebertException(
                Reason.NotTeachable,
                "${model.name}: labels are taught to files for embed, and to classifiers made with edgebert convert --teachable",
            )
        }
    }
}

private fun wrong(argument: String, message: String) = EdgebertException(Reason.WrongArgument(argument), message)

/** A label with further sentences. */
private fun withMore(known: TaughtLabel?, points: List<FloatArray>): TaughtLabel {
    val total = FloatArray(points[0].size) { at -> points.fold(0f) { sum, point -> sum + point[at] } }
    var count = points.size.toLong()
    if (known != null) {
        val before = known.mean()
        for (at in total.indices) total[at] += before[at] * known.texts
        count += known.texts
    }
    return TaughtLabel.of(FloatArray(total.size) { total[it] / count }, count)
}
