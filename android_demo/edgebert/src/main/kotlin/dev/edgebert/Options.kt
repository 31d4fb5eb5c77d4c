package dev.edgebert

import dev.edgebert.engine.Engine
import dev.edgebert.engine.TensorFlowLite

/**
 * How a model is opened.
 *
 * @property threads that one answer may use.
 * @property engines in the order in which they are tried: the first that opens the file and gives what its self-test
 *   recorded is taken. Of the last no proof is asked, so a model opened with the default alone starts quicker.
 */
data class Options @JvmOverloads constructor(
    val threads: Int = 1,
    val engines: List<Engine> = listOf(TensorFlowLite),
)

/**
 * An engine of [Options.engines] that was not taken.
 *
 * @property engine name and version.
 * @property reason [Reason.WrongAnswers] or [Reason.NoSelfTest] of one that opened the file; else why it did not.
 * @property message one line, for logs.
 */
data class EngineNotTaken(val engine: String, val reason: Reason, val message: String)

/** Which text of a pair gives way where both do not fit: the longer one, or always the same. */
enum class Truncate { LONGEST, FIRST, SECOND }

/**
 * What to do with a single text that does not fit the model.
 *
 * TRUNCATE cuts its end off and says so in the reply. The others cut it into windows: MEAN and MAX of the
 * probabilities, of the value or of each number of the vector; FIRST takes the first window alone.
 */
enum class LongText { TRUNCATE, MEAN, MAX, FIRST }

/** What [EdgebertModel.tag] does with a text that does not fit: cuts its end off, or takes windows. */
enum class LongTagging { TRUNCATE, WINDOWS }

/** Whose label a word of several pieces has: its first piece's, or the one that their average favours. */
enum class Strategy { FIRST, AVERAGE }
