package dev.edgebert.demo.ask

import android.net.Uri
import android.util.Log
import dev.edgebert.EdgebertModel
import dev.edgebert.Reply
import dev.edgebert.Search
import dev.edgebert.Task
import dev.edgebert.ask
import dev.edgebert.demo.Problem
import dev.edgebert.demo.Services
import dev.edgebert.demo.models.FileModel
import dev.edgebert.demo.models.ModelSource
import dev.edgebert.demo.problemOf
import java.io.Closeable
import java.io.File
import kotlinx.coroutines.CoroutineDispatcher
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.Job
import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.SupervisorJob
import kotlinx.coroutines.cancel
import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.delay
import kotlinx.coroutines.ensureActive
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.asStateFlow
import kotlinx.coroutines.flow.update
import kotlinx.coroutines.launch
import kotlinx.coroutines.sync.Mutex
import kotlinx.coroutines.sync.withLock
import kotlinx.coroutines.withContext

/**
 * The model on the main screen, from opening it to its answers; outlives rotations of the screen.
 *
 * Called on the main thread; models run on [work].
 */
class AskSession(private val services: Services, private val work: CoroutineDispatcher = Dispatchers.Default) : Closeable {
    private class Opened(val model: EdgebertModel, val asker: Asker, val facts: ModelFacts, val teacher: Teacher?)

    private val scope = CoroutineScope(SupervisorJob() + Dispatchers.Main.immediate)
    private val changing = MutableStateFlow(AskState())
    private val oneAtATime = Mutex()
    private var opening: Job? = null
    private var asking: Job? = null
    private var teaching: Job? = null
    private var opened: Opened? = null
    private var asked = Question("", "")

    val state: StateFlow<AskState> = changing.asStateFlow()

    /** Lists the models and opens [wanted], or else the first. */
    fun start(wanted: String?) {
        changing.update { it.copy(status = Status.Opening) }
        scope.launch {
            val models = withContext(work) { services.store.list() }
            if (changing.value.selected != null) return@launch // one that was picked meanwhile
            changing.update { it.copy(models = models, status = if (models.isEmpty()) Status.NoModel else it.status) }
            models.firstOrNull { it.id == wanted }.let { it ?: models.firstOrNull() }?.let(::select)
        }
    }

    /** Opens another model and asks it what the last one was asked. */
    fun select(source: ModelSource) {
        if (source == changing.value.selected && changing.value.status !is Status.Failed) return
        changing.update { it.copy(selected = source, status = Status.Opening, reply = null, problem = null, teachingState = null) }
        replace { open(source) }
    }

    /** Takes a model that the user picked into the app, and opens it. */
    fun import(uri: Uri) {
        changing.update { it.copy(copying = Copying(0, null)) }
        scope.launch {
            try {
                val source = withContext(work) {
                    val copying = { done: Long, total: Long? -> changing.update { it.copy(copying = Copying(done, total)) } }
                    services.store.import(uri, copying) { services.open(it, THREADS).close() }
                }
                val models = withContext(work) { services.store.list() }
                changing.update { it.copy(models = models) }
                select(source)
            } catch (error: Exception) {
                val problem = known(error)
                changing.update { it.copy(problem = problem) }
            } finally {
                changing.update { it.copy(copying = null) }
            }
        }
    }

    /** Deletes the selected model, if its user picked it, and opens the first of those that are left. */
    fun delete() {
        val source = changing.value.selected as? FileModel ?: return
        changing.update { it.copy(selected = null, status = Status.Opening, reply = null, problem = null, teachingState = null) }
        replace {
            val models = withContext(work) {
                services.store.delete(source)
                services.store.list()
            }
            changing.update { it.copy(models = models, status = if (models.isEmpty()) Status.NoModel else it.status) }
            val next = models.firstOrNull() ?: return@replace
            changing.update { it.copy(selected = next) }
            open(next)
        }
    }

    /** Asks the model once nobody has typed for a moment. */
    fun ask(text: String, passage: String) {
        val question = Question(text, passage)
        if (question == asked) return
        asked = question
        asking?.cancel()
        asking = scope.launch {
            delay(QUIET_MILLIS)
            answer(question)
        }
    }

    /** Teaches the model a label by each line of a text, and asks it again. */
    fun teach(label: String, text: String) = change { it.teach(label, Teacher.sentences(text)) }

    /** Forgets a label that was taught, and asks the model again. */
    fun forget(label: String) = change { it.taught?.forget(label) }

    /** Takes the last change of what is taught back, and asks the model again. */
    fun undo() = change { it.taught?.undo() }

    /** Deletes a file of taught labels that does not serve. */
    fun discard() = change { it.discard() }

    override fun close() {
        asking?.cancel()
        teaching?.cancel()
        opening?.cancel()
        scope.launch(NonCancellable) {
            oneAtATime.withLock { closeModel() }
            scope.cancel()
        }
    }

    private fun replace(open: suspend () -> Unit) {
        opening?.cancel()
        teaching?.cancel()
        asking?.cancel()
        opening = scope.launch {
            oneAtATime.withLock {
                closeModel()
                try {
                    open()
                } catch (error: Exception) {
                    val problem = known(error)
                    changing.update { it.copy(status = Status.Failed(problem)) }
                }
            }
            answer(asked)
        }
    }

    /** One change at a time; another model waits for it, and it for one that opens. */
    private fun change(act: (Teacher) -> Unit) {
        if (teaching?.isActive == true) return
        teaching = scope.launch {
            oneAtATime.withLock {
                val current = opened ?: return@launch
                val teacher = current.teacher ?: return@launch
                changing.update { it.copy(teachingState = it.teachingState?.copy(isBusy = true, problem = null)) }
                val problem = try {
                    current.model.ask { act(teacher) }
                    null
                } catch (error: Exception) {
                    known(error)
                } catch (error: OutOfMemoryError) {
                    known(error)
                }
                changing.update { it.copy(teachingState = teacher.teachingState(problem)) }
                if (problem != null) return@launch
            }
            asking?.cancel()
            asking = scope.launch { answer(asked) }
        }
    }

    private suspend fun open(source: ModelSource) {
        withContext(work) {
            val model = services.open(source, THREADS)
            try {
                opened = prepare(model, services.store.taughtFile(source))
            } catch (error: Throwable) {
                model.close()
                throw error
            }
        }
        val found = opened ?: return
        changing.update { it.copy(status = Status.Ready(found.facts), teachingState = found.teacher?.teachingState()) }
    }

    private suspend fun prepare(model: EdgebertModel, side: File): Opened {
        val passed = model.selfTest().passed
        val documents = if (model.task == Task.EMBED) services.questions().take(DOCUMENTS) else emptyList()
        val plain = if (model.task == Task.EMBED) searching(index(model, documents)) else askerOf(model)
        val teacher = Teacher.of(model, side)
        val record = model.record
        val facts = ModelFacts(
            task = model.task,
            bytes = model.bytes,
            quantization = record.quantization,
            layers = record.model.layers,
            hiddenSize = record.model.hiddenSize,
            labels = model.labels.size,
            documents = documents.size,
            engine = model.runtime,
            selfTestPassed = passed,
        )
        return Opened(model, if (teacher == null) plain else labelling(teacher, plain), facts, teacher)
    }

    private suspend fun index(model: EdgebertModel, documents: List<String>): Search {
        val context = currentCoroutineContext()
        return Search.build(model, documents) { done, total ->
            context.ensureActive()
            changing.update { it.copy(status = Status.Indexing(done, total)) }
        }
    }

    private suspend fun answer(question: Question) {
        val current = opened ?: return
        if (question.isEmptyFor(current.model.task)) return show(question)
        try {
            val reply = current.model.ask { current.asker.ask(question.text, question.passage) }
            show(question, reply)
        } catch (error: Exception) {
            show(question, problem = known(error))
        } catch (error: OutOfMemoryError) {
            show(question, problem = known(error))
        }
    }

    /** What came of a question; nothing where another was asked since, which a long text gives way to. */
    private fun show(question: Question, reply: Reply<Answers>? = null, problem: Problem? = null) {
        if (question == asked) changing.update { it.copy(reply = reply, problem = problem) }
    }

    private suspend fun closeModel() {
        val model = opened?.model ?: return
        opened = null
        withContext(NonCancellable + work) { model.close() }
    }

    private data class Question(val text: String, val passage: String) {
        fun isEmptyFor(task: Task) = text.isBlank() || (task == Task.ANSWER && passage.isBlank())
    }

    companion object {
        /** How long nobody types before a model is asked. */
        const val QUIET_MILLIS = 120L

        private const val THREADS = 2
        private const val DOCUMENTS = 1000

        /** What went wrong, for the screen, with the rest in the log; what nobody foresaw is thrown on. */
        private fun known(error: Throwable): Problem {
            val problem = problemOf(error) ?: throw error
            Log.w("edgebert", error)
            return problem
        }
    }
}
