package dev.edgebert.demo.ask

import dev.edgebert.Reply
import dev.edgebert.Task
import dev.edgebert.demo.Problem
import dev.edgebert.demo.models.ModelSource

/** All that the main screen shows, except for what its user typed. */
data class AskState(
    val models: List<ModelSource> = emptyList(),
    val selected: ModelSource? = null,
    val status: Status = Status.NoModel,
    /** How far a picked file is, while it is taken into the app. */
    val copying: Copying? = null,
    val reply: Reply<Answers>? = null,
    /** Why there is no reply. */
    val problem: Problem? = null,
    /** What is taught to the selected model; null where it cannot be taught. */
    val teachingState: TeachingState? = null,
)

/**
 * What the main screen tells about taught labels.
 *
 * @property labels and how many sentences each was taught with
 * @property problem why the last change failed, or why the side file does not serve
 * @property isUsable false: nothing can be taught before the side file is deleted
 */
data class TeachingState(
    val labels: Map<String, Long> = emptyMap(),
    val canUndo: Boolean = false,
    val isBusy: Boolean = false,
    val problem: Problem? = null,
    val isUsable: Boolean = true,
)

/** Bytes that are copied, of [total]; null where nobody knows. */
data class Copying(val done: Long, val total: Long?)

/** How far the selected model is. */
sealed interface Status {
    object NoModel : Status

    object Opening : Status

    data class Indexing(val done: Int, val total: Int) : Status

    data class Failed(val problem: Problem) : Status

    data class Ready(val facts: ModelFacts) : Status
}

/** What the main screen tells about a model. */
data class ModelFacts(
    val task: Task,
    val bytes: Long,
    val quantization: String,
    val layers: Int,
    val hiddenSize: Int,
    val labels: Int,
    val documents: Int,
    val engine: String,
    val selfTestPassed: Boolean,
)
