package dev.edgebert.demo.ask

import dev.edgebert.EdgebertException
import dev.edgebert.EdgebertModel
import dev.edgebert.Reply
import dev.edgebert.Search
import dev.edgebert.Task
import java.util.Locale

/** Asks a model as its task wants to be asked; gives what there is to show. */
fun interface Asker {
    /**
     * @param passage of the task `answer`; others pass over it
     * @throws EdgebertException the model does not take the text
     */
    fun ask(text: String, passage: String): Reply<List<Row>>
}

private const val TOP = 5

/** How a model of each task is asked; `embed` needs an index first, see [searching]. */
private val ASKERS: Map<Task, (EdgebertModel) -> Asker> =
    mapOf(
        Task.CLASSIFY to { model ->
            Asker { text, _ ->
                model.classify(text).map { found ->
                    found.scores.entries.sortedByDescending { it.value }.take(TOP).map { scored(readable(it.key), it.value) }
                }
            }
        },
        Task.REGRESS to { model -> Asker { text, _ -> model.regress(text).map { listOf(Row(number(it))) } } },
        Task.ENCODE to { model ->
            Asker { text, _ -> model.encode(text).map { listOf(Row("${it.size} × ${it.firstOrNull()?.size ?: 0}")) } }
        },
        Task.TAG to { model ->
            Asker { text, _ -> model.tag(text).map { spans -> spans.map { Row(it.text, "${it.label}  ${number(it.score)}", it.score) } } }
        },
        Task.ANSWER to { model ->
            Asker { text, passage -> model.answer(text, passage, top = TOP).map { found -> found.map { Row(it.text, number(it.score)) } } }
        },
        Task.FILL_MASK to { model ->
            Asker { text, _ -> model.fillMask(text).map { masks -> masks.flatten().map { Row(it.token, percent(it.score), it.score) } } }
        },
    )

/** The asker for a model of any task but `embed`. */
fun askerOf(model: EdgebertModel): Asker =
    ASKERS[model.task]?.invoke(model) ?: throw EdgebertException("${model.name}: this app cannot show the task ${model.task.id}")

/** The asker that finds texts like the one that is asked. */
fun searching(search: Search): Asker =
    Asker { text, _ -> search.find(text, top = TOP).map { hits -> hits.map { Row(it.text, number(it.score), it.score.coerceIn(0f, 1f)) } } }

private fun scored(title: String, score: Float) = Row(title, percent(score), score)

private fun readable(label: String) = label.replace('_', ' ')

private fun percent(share: Float) = String.format(Locale.getDefault(), "%.1f %%", 100 * share)

private fun number(value: Float) = String.format(Locale.getDefault(), "%.3f", value)

private fun <T, R> Reply<T>.map(change: (T) -> R): Reply<R> = Reply(change(value), tokens, truncated, timing)
