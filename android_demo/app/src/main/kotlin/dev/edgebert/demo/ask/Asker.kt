package dev.edgebert.demo.ask

import dev.edgebert.Classification
import dev.edgebert.EdgebertModel
import dev.edgebert.Reply
import dev.edgebert.Search
import dev.edgebert.Task
import java.text.NumberFormat
import java.util.Locale

/** Asks a model as its task wants to be asked; gives what there is to show. */
fun interface Asker {
    /**
     * @param passage of the task `answer`; others pass over it
     * @throws dev.edgebert.EdgebertException the model does not take the text
     */
    fun ask(text: String, passage: String): Reply<Answers>
}

private const val TOP = 5

/** Below this score of the best label of a file without a rule of its own the app says that it is not sure. */
private const val UNSURE_BELOW = 0.5f

/** How a model of each task is asked; `embed` needs an index first, see [searching]. */
private val ASKERS: Map<Task, (EdgebertModel) -> Asker> =
    mapOf(
        Task.CLASSIFY to { model ->
            Asker { text, _ -> model.classify(text).map { it.answers(model.record.multiLabel) } }
        },
        Task.REGRESS to { model -> rows { text, _ -> model.regress(text).map { listOf(Row(number(it))) } } },
        Task.ENCODE to { model ->
            rows { text, _ -> model.encode(text).map { listOf(Row("${it.size} × ${it.firstOrNull()?.size ?: 0}")) } }
        },
        Task.TAG to { model ->
            rows { text, _ -> model.tag(text).map { spans -> spans.map { Row(it.text, "${it.label}  ${percent(it.score)}", it.score) } } }
        },
        Task.ANSWER to { model ->
            rows { text, passage -> model.answer(text, passage, top = TOP).map { found -> found.map { scored(it.text, it.score) } } }
        },
        Task.FILL_MASK to { model ->
            rows { text, _ -> model.fillMask(text).map { masks -> masks.flatten().map { scored(it.token, it.score) } } }
        },
    )

/** The asker for a model of any task but `embed`. */
fun askerOf(model: EdgebertModel): Asker =
    ASKERS.getValue(model.task)(model)

/** The asker that finds texts like the one that is asked. */
fun searching(search: Search): Asker =
    rows { text, _ -> search.find(text, top = TOP).map { hits -> hits.map { Row(it.text, number(it.score), it.score.coerceIn(0f, 1f)) } } }

/** The asker by what is taught to a model, and [plain] as long as that is nothing. */
fun labelling(teacher: Teacher, plain: Asker) = Asker { text, passage ->
    teacher.taught?.takeIf { it.taught.isNotEmpty() }?.classify(text)?.map { it.answers() } ?: plain.ask(text, passage)
}

private fun Classification.answers(multiLabel: Boolean = false) =
    Answers(top(TOP).map { scored(readable(it.label), it.score) }, isSure = abstained?.not() ?: (multiLabel || score >= UNSURE_BELOW))

private fun rows(ask: (String, String) -> Reply<List<Row>>) = Asker { text, passage -> ask(text, passage).map { Answers(it) } }

private fun scored(title: String, score: Float) = Row(title, percent(score), score)

/** A label's name as a person reads it. */
fun readable(label: String) = label.replace('_', ' ')

private fun percent(share: Float) = NumberFormat.getPercentInstance(Locale.getDefault()).format(share)

private fun number(value: Float) = String.format(Locale.getDefault(), "%.3f", value)

private fun <T, R> Reply<T>.map(change: (T) -> R): Reply<R> = Reply(change(value), tokens, truncated, timing)
