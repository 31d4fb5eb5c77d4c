package dev.edgebert

/** Why something failed, to be told apart by `when` (in Java by `instanceof`). */
sealed class Reason {
    /** The file is not there, may not be read, or is larger than can be mapped (2 GB). */
    data object Unreadable : Reason()

    /** The file is not one that `edgebert convert` wrote. */
    data object NotAModel : Reason()

    /** The file is not as it was written: copied in part, or changed. */
    data object Damaged : Reason()

    /**
     * The file is of a newer edgebert than this library.
     *
     * @property found what this library does not know: the format, or a task.
     */
    data class TooNew(val found: String) : Reason()

    /** This library does not read files of this kind. */
    data class Unsupported(val feature: Feature) : Reason()

    /**
     * The engine cannot open or run the file.
     *
     * @property engine name and version.
     * @property minimumRuntime the lowest TensorFlow Lite version that has all operations of the file.
     */
    data class EngineFailed(val engine: String, val minimumRuntime: String) : Reason()

    /**
     * An engine answers the file's self-test otherwise than the machine where the file was made.
     *
     * @property engine name and version.
     * @property difference the largest of any number of the output; infinite where its shape is another.
     * @property cosine the lowest of any text's output with the recorded one.
     */
    data class WrongAnswers(val engine: String, val difference: Float, val cosine: Float) : Reason()

    /** The file has no self-test by which an engine could prove its answers. */
    data object NoSelfTest : Reason()

    /** There is not enough memory for the model, or for this text. */
    data object OutOfMemory : Reason()

    /** The model was closed. */
    data object Closed : Reason()

    /** The thread was interrupted before there was an answer; it is marked as interrupted still. */
    data object Interrupted : Reason()

    /**
     * A method of another task than that of the file was called.
     *
     * @property task of the file.
     */
    data class WrongTask(val task: Task, val asked: Task) : Reason()

    /**
     * A text has half of a character: a surrogate without its other half, as `text.take(n)` leaves of an emoji.
     *
     * @property index in the text where it stands.
     */
    data class LoneSurrogate(val index: Int) : Reason()

    /** A query of [Search] has no words: the tokenizer leaves nothing of it. */
    data object NoWords : Reason()

    /** A text for fill-mask has no [MASK]. */
    data object NoMask : Reason()

    /**
     * Some [MASK] of a text stand beyond what the model reads.
     *
     * @property maxLength most tokens that it reads.
     */
    data class MasksCutOff(val count: Int, val maxLength: Int) : Reason()

    /**
     * The file has no prompt of this name.
     *
     * @property accepted names of those that it has.
     */
    data class UnknownPrompt(val prompt: String, val accepted: Set<String>) : Reason()

    /** No label is taught yet to an embedder that is to classify. */
    data object NothingTaught : Reason()

    /** Labels cannot be taught to this file: it is neither for embed nor a classifier made with `--teachable`. */
    data object NotTeachable : Reason()

    /** A side file of taught labels does not serve. */
    data class WrongTaught(val fault: TaughtFault) : Reason()

    /** A folder or file cannot be written. */
    data object Unwritable : Reason()

    /** An index of [Search] does not serve. */
    data class WrongIndex(val fault: IndexFault) : Reason()

    /**
     * A corpus of [Search] is not what it has to be: UTF-8, lines of at most a million bytes.
     *
     * @property line from 1.
     */
    data class WrongCorpus(val line: Int) : Reason()

    /**
     * A programmer's mistake: an argument out of its range, or two that exclude each other.
     *
     * @property argument its name.
     */
    data class WrongArgument(val argument: String) : Reason()
}

/** What some files have and this library does not read. */
enum class Feature {
    /** A graph of integers alone, for accelerators (`--quantize int8-full` or `int16x8`). */
    FULL_INTEGER,

    /** A graph for each of several fixed lengths (`--length`), which the default engine does not open. */
    SEVERAL_LENGTHS,

    /** A graph that takes texts of any length, which an engine for fixed lengths does not open. */
    ANY_LENGTH,

    /** A tokenizer of another kind, such as ALBERT's. */
    TOKENIZER,
}

/** Why an index does not serve. */
enum class IndexFault {
    /** The file is no index of edgebert's. */
    NOT_AN_INDEX,

    /** It is of a newer edgebert. */
    TOO_NEW,

    /** It is not as it was written. */
    DAMAGED,

    /** It was made with another model, whose vectors mean something else. */
    OTHER_MODEL,

    /** Its documents were embedded behind another prompt. */
    OTHER_PROMPT,
}

/** Why a side file of taught labels does not serve. */
enum class TaughtFault {
    /** It is no such file. */
    NOT_TAUGHT,

    /** It is of a newer edgebert, or one from before there were checksums. */
    OTHER_FORMAT,

    /** It is not as it was written. */
    DAMAGED,

    /** It was taught to another model. */
    OTHER_MODEL,
}
