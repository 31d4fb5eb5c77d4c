package dev.edgebert.demo.ask

import dev.edgebert.EdgebertException
import dev.edgebert.EdgebertModel
import dev.edgebert.Reason
import dev.edgebert.Taught
import dev.edgebert.demo.AppException
import dev.edgebert.demo.Problem
import dev.edgebert.demo.problemOf
import java.io.File

/** Teaches an open model what a person types, and keeps it in a side file; calls block. */
class Teacher private constructor(private val model: EdgebertModel, private val file: File) {
    /** null: the side file does not serve, and stays as it is until [discard]. */
    @Volatile
    var taught: Taught? = null
        private set

    private var problem: Problem? = null

    /** What there is to show, where the last change failed for a reason. */
    fun teachingState(failed: Problem? = null): TeachingState {
        val reason = ((failed ?: problem) as? Problem.OfLibrary)?.reason
        return TeachingState(
            labels = taught?.taught.orEmpty(),
            canUndo = taught?.canUndo == true,
            problem = failed ?: problem,
            isUsable = taught != null && reason !is Reason.WrongTaught,
        )
    }

    /**
     * Teaches a label, or more of one that is known by that name.
     *
     * @throws AppException no name, no sentence, or a label of the model's own; also what [Taught.teach] throws
     */
    fun teach(typed: String, sentences: List<String>) {
        val taught = taught ?: return
        val name = typed.trim()
        val label = taught.labels.firstOrNull { readable(it).equals(readable(name), ignoreCase = true) } ?: name
        val wrong = when {
            label.isEmpty() -> Problem.OfApp.NO_LABEL
            label in taught.labels && label !in taught.taught -> Problem.OfApp.OWN_LABEL
            sentences.isEmpty() -> Problem.OfApp.NO_SENTENCES
            else -> return taught.teach(label, sentences)
        }
        throw AppException(wrong, "label '$label', ${sentences.size} sentences: not taught")
    }

    /** Deletes the side file, and begins anew. */
    fun discard() {
        file.delete()
        open()
    }

    private fun open() {
        problem = null
        try {
            taught = Taught.open(model, file)
        } catch (error: EdgebertException) {
            if (error.reason == Reason.NotTeachable) throw error
            taught = null
            problem = problemOf(error)
        }
    }

    companion object {
        /** For a model and its side file; null where the model cannot be taught. */
        fun of(model: EdgebertModel, file: File): Teacher? = try {
            Teacher(model, file).apply { open() }
        } catch (_: EdgebertException) {
            null
        }

        /** What is taught of a text: each line is a sentence. */
        fun sentences(text: String): List<String> = text.lines().map { it.trim() }.filter { it.isNotEmpty() }
    }
}
