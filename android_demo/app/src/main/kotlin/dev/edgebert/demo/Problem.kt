package dev.edgebert.demo

import android.content.Context
import dev.edgebert.EdgebertException
import dev.edgebert.Feature
import dev.edgebert.Reason
import dev.edgebert.TaughtFault

/** Why something cannot be done, from which [text] makes what a person reads. */
sealed interface Problem {
    /** What the library found wrong with a model or a text. */
    data class OfLibrary(val reason: Reason) : Problem

    /** What went wrong in the app itself. */
    enum class OfApp(val text: Int) : Problem {
        NO_PERMISSION(R.string.problem_permission),
        PROVIDER_FAILED(R.string.problem_provider),
        NO_ROOM(R.string.problem_room),
        NOT_COPIED(R.string.problem_copy),
        NO_MEMORY(R.string.problem_memory),
        UNREADABLE(R.string.problem_unreadable),
        NO_LABEL(R.string.problem_no_label),
        NO_SENTENCES(R.string.problem_no_sentences),
        OWN_LABEL(R.string.problem_own_label),
        BENCHMARK(R.string.problem_benchmark),
    }
}

/** Something that this app cannot do; the message is for logs, and for the computer that asked for a benchmark. */
open class AppException(val problem: Problem, message: String, cause: Throwable? = null) : RuntimeException(message, cause)

/** A benchmark that cannot be run as asked for, or a process of it that failed. */
class BenchmarkException(message: String, cause: Throwable? = null) : AppException(Problem.OfApp.BENCHMARK, message, cause)

/** What went wrong where models are opened and asked; null: something that nobody foresaw. */
fun problemOf(error: Throwable): Problem? = when (error) {
    is EdgebertException -> Problem.OfLibrary(error.reason)
    is AppException -> error.problem
    is OutOfMemoryError -> Problem.OfApp.NO_MEMORY
    is java.io.IOException -> Problem.OfApp.UNREADABLE
    else -> null
}

/** One or two sentences for the person in front of the screen. */
fun Problem.text(context: Context): String = when (this) {
    is Problem.OfApp -> context.getString(text)
    is Problem.OfLibrary -> reason.text(context)
}

private fun Reason.text(context: Context): String = when (this) {
    Reason.Unreadable -> context.getString(R.string.problem_unreadable)
    Reason.NotAModel -> context.getString(R.string.problem_not_a_model)
    Reason.Damaged -> context.getString(R.string.problem_damaged)
    is Reason.TooNew -> context.getString(R.string.problem_too_new)
    is Reason.Unsupported -> context.getString(
        when (feature) {
            Feature.FULL_INTEGER, Feature.SEVERAL_LENGTHS, Feature.ANY_LENGTH -> R.string.problem_accelerator
            Feature.TOKENIZER -> R.string.problem_tokenizer
        },
    )
    is Reason.EngineFailed -> context.getString(R.string.problem_engine)
    Reason.OutOfMemory -> context.getString(R.string.problem_memory)
    is Reason.LoneSurrogate -> context.getString(R.string.problem_half_character, index + 1)
    Reason.NoWords -> context.getString(R.string.problem_no_words)
    Reason.Unwritable -> context.getString(R.string.problem_room)
    is Reason.WrongTaught -> context.getString(
        when (fault) {
            TaughtFault.NOT_TAUGHT, TaughtFault.DAMAGED -> R.string.problem_taught_damaged
            TaughtFault.OTHER_FORMAT -> R.string.problem_taught_format
            TaughtFault.OTHER_MODEL -> R.string.problem_taught_model
        },
    )
    is Reason.WrongArgument -> context.getString(if (argument == "label") R.string.problem_label else R.string.problem_of_app)
    Reason.NoMask -> context.getString(R.string.problem_no_mask)
    is Reason.MasksCutOff -> context.resources.getQuantityString(R.plurals.problem_masks_cut, count, count)
    // What this app never does; should it, this is an error of its own.
    Reason.Closed, Reason.Interrupted, Reason.NothingTaught, Reason.NotTeachable, Reason.NoSelfTest, is Reason.WrongTask,
    is Reason.UnknownPrompt, is Reason.WrongIndex, is Reason.WrongCorpus, is Reason.WrongAnswers,
    ->
        context.getString(R.string.problem_of_app)
}
