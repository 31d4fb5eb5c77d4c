package dev.edgebert.demo

import android.app.Activity
import android.app.AlertDialog
import android.content.ActivityNotFoundException
import android.content.Intent
import android.os.Bundle
import android.text.Editable
import android.text.InputFilter
import android.text.TextWatcher
import android.text.format.Formatter
import android.view.Menu
import android.view.MenuItem
import android.view.View
import android.view.ViewGroup
import android.widget.AdapterView
import android.widget.ArrayAdapter
import android.widget.Button
import android.widget.EditText
import android.widget.ProgressBar
import android.widget.Spinner
import android.widget.TextView
import android.widget.Toast
import dev.edgebert.Task
import dev.edgebert.demo.ask.AskSession
import dev.edgebert.demo.ask.AskState
import dev.edgebert.demo.ask.ModelFacts
import dev.edgebert.demo.ask.Status
import dev.edgebert.demo.models.FileModel
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.MainScope
import kotlinx.coroutines.cancel
import kotlinx.coroutines.launch

/** The main screen: a model, a text, and what the model answers while it is typed. */
class MainActivity : Activity() {
    private lateinit var session: AskSession
    private lateinit var models: Spinner
    private lateinit var text: EditText
    private lateinit var passage: EditText
    private lateinit var rows: Rows
    private lateinit var teaching: TeachPanel
    private var scope: CoroutineScope? = null

    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        setContentView(R.layout.activity_main)
        setActionBar(findViewById(R.id.toolbar))
        keepClearOfBars(findViewById(R.id.root))
        models = findViewById(R.id.models)
        text = findViewById(R.id.text)
        passage = findViewById(R.id.passage)
        rows = Rows(findViewById(R.id.rows))
        val kept = lastNonConfigurationInstance as AskSession?
        session = kept ?: AskSession(DemoApp.services(this)).apply { start(savedInstanceState?.getString(MODEL)) }
        models.onItemSelectedListener = whenSelected { session.select(session.state.value.models[it]) }
        teaching = TeachPanel(this, session, text)
        for (field in listOf(text, passage)) field.addTextChangedListener(whenChanged(::ask))
        for ((field, most) in listOf(text to MOST_CHARACTERS, passage to MOST_CHARACTERS, findViewById<EditText>(R.id.label) to LONGEST_LABEL)) {
            field.filters = arrayOf(Shortening(most) { tell(getString(R.string.text_cut, most)) })
        }
    }

    override fun onStart() {
        super.onStart()
        scope = MainScope().apply { launch { session.state.collect(::show) } }
        ask()
    }

    override fun onStop() {
        scope?.cancel()
        super.onStop()
    }

    override fun onDestroy() {
        if (!isChangingConfigurations) session.close()
        super.onDestroy()
    }

    @Deprecated("The framework's own way; its replacement is a library")
    override fun onRetainNonConfigurationInstance(): Any = session

    override fun onSaveInstanceState(outState: Bundle) {
        super.onSaveInstanceState(outState)
        outState.putString(MODEL, session.state.value.selected?.id)
    }

    override fun onCreateOptionsMenu(menu: Menu): Boolean {
        menuInflater.inflate(R.menu.main, menu)
        return true
    }

    override fun onPrepareOptionsMenu(menu: Menu): Boolean {
        menu.findItem(R.id.about).isVisible = facts() != null
        // What came with the app stays.
        menu.findItem(R.id.delete).isVisible = session.state.value.selected is FileModel
        return true
    }

    override fun onOptionsItemSelected(item: MenuItem): Boolean {
        when (item.itemId) {
            R.id.benchmark -> startActivity(Intent(this, BenchmarkActivity::class.java))
            R.id.open -> pick()
            R.id.about -> facts()?.let(::tellAbout)
            R.id.delete -> confirmDeletion()
            else -> return super.onOptionsItemSelected(item)
        }
        return true
    }

    @Deprecated("The framework's own way; its replacement is a library")
    override fun onActivityResult(requestCode: Int, resultCode: Int, data: Intent?) {
        if (requestCode == PICK && resultCode == RESULT_OK) data?.data?.let(session::import)
    }

    private fun pick() {
        val intent = Intent(Intent.ACTION_OPEN_DOCUMENT).addCategory(Intent.CATEGORY_OPENABLE).setType("*/*")
        try {
            @Suppress("DEPRECATION")
            startActivityForResult(intent, PICK)
        } catch (_: ActivityNotFoundException) {
            tell(getString(R.string.no_picker))
        }
    }

    private fun ask() {
        session.ask(text.text.toString(), passage.text.toString())
        show(session.state.value) // examples go with the first letter
    }

    private fun facts(): ModelFacts? = (session.state.value.status as? Status.Ready)?.facts

    private fun tellAbout(facts: ModelFacts) {
        val lines = listOfNotNull(
            getString(R.string.about_task, facts.task.id),
            facts.labels.takeIf { it > 0 }?.let { resources.getQuantityString(R.plurals.labels, it, it) },
            resources.getQuantityString(R.plurals.layers, facts.layers, facts.layers),
            getString(R.string.about_shape, facts.hiddenSize),
            getString(R.string.about_numbers, facts.quantization),
            getString(R.string.about_engine, facts.engine),
            getString(if (facts.selfTestPassed) R.string.about_self_test_passed else R.string.about_self_test_failed),
        )
        AlertDialog.Builder(this)
            .setTitle(session.state.value.selected?.name)
            .setMessage(lines.joinToString("\n"))
            .setPositiveButton(android.R.string.ok, null)
            .show()
    }

    private fun confirmDeletion() {
        val state = session.state.value
        val isTaught = state.teachingState?.run { labels.isNotEmpty() || !isUsable } == true
        val question = if (isTaught) R.string.delete_taught_question else R.string.delete_question
        confirm(question, state.selected?.name ?: return, R.string.delete_model) { session.delete() }
    }

    private fun show(state: AskState) {
        showModels(state)
        val facts = (state.status as? Status.Ready)?.facts
        passage.visibility = visibleIf(facts?.task == Task.ANSWER)
        val isTaught = state.teachingState?.labels.orEmpty().isNotEmpty()
        val hint = if (facts == null) R.string.hint_any else HINTS.getValue(if (isTaught) Task.CLASSIFY else facts.task)
        text.hint = getString(hint, facts?.documents ?: 0)
        findViewById<TextView>(R.id.facts).text = if (facts == null) "" else describe(facts)
        showProgress(state)
        val problem = state.problem?.text(this) ?: problemOf(state.status).takeIf { state.copying == null }
        findViewById<TextView>(R.id.problem).apply {
            text = problem
            visibility = visibleIf(problem != null)
        }
        showReply(state, hasOneLabel = facts?.task == Task.EMBED && state.teachingState?.labels?.size == 1)
        teaching.show(state.teachingState)
        showExamples(facts?.task.takeIf { problem == null && state.reply == null && text.text.isBlank() })
    }

    private fun showModels(state: AskState) {
        val names = state.models.map { it.name }
        val shown = (models.adapter as ArrayAdapter<*>?)?.let { shown -> List(shown.count) { shown.getItem(it) } }
        if (shown != names) {
            models.adapter = ArrayAdapter(this, R.layout.model, names).apply { setDropDownViewResource(android.R.layout.simple_spinner_dropdown_item) }
        }
        val at = state.models.indexOf(state.selected)
        if (at >= 0 && models.selectedItemPosition != at) models.setSelection(at)
        models.visibility = visibleIf(names.isNotEmpty())
    }

    private fun showProgress(state: AskState) {
        val (copying, status) = state.copying to state.status
        val (done, total) = when {
            copying != null -> (copying.done shr 10).toInt() to ((copying.total ?: 0) shr 10).toInt()
            status is Status.Indexing -> status.done to status.total
            else -> 0 to 0
        }
        val words = when {
            copying != null -> getString(R.string.copying)
            status == Status.Opening -> getString(R.string.opening)
            status is Status.Indexing -> getString(R.string.indexing, status.done, status.total)
            else -> null
        }
        findViewById<ProgressBar>(R.id.progress).apply {
            visibility = visibleIf(words != null)
            isIndeterminate = total == 0
            max = maxOf(total, 1)
            progress = done
        }
        findViewById<TextView>(R.id.working).apply {
            visibility = visibleIf(words != null)
            text = words
        }
    }

    private fun showReply(state: AskState, hasOneLabel: Boolean) {
        val reply = state.reply
        rows.show(reply?.value?.rows.orEmpty())
        findViewById<View>(R.id.unsure).visibility = visibleIf(reply?.value?.isSure == false)
        findViewById<TextView>(R.id.timing).apply {
            visibility = visibleIf(reply != null)
            text = if (reply == null) "" else line(
                listOfNotNull(
                    getString(R.string.nothing_found).takeIf { reply.value.rows.isEmpty() },
                    getString(R.string.timing, millisText(reply.timing.totalNanos / 1e6)),
                    getString(R.string.truncated).takeIf { reply.truncated },
                    getString(R.string.only_label).takeIf { hasOneLabel },
                ),
            )
        }
    }

    /** Sentences to tap, while nothing is typed. */
    private fun showExamples(task: Task?) {
        val sentences = task?.let { resources.getStringArray(EXAMPLES.getValue(it)) }.orEmpty()
        findViewById<TextView>(R.id.empty).apply {
            setText(R.string.try_one)
            visibility = visibleIf(sentences.isNotEmpty())
        }
        val place = findViewById<ViewGroup>(R.id.examples)
        place.visibility = visibleIf(sentences.isNotEmpty())
        if (sentences.toList() == List(place.childCount) { (place.getChildAt(it) as Button).text.toString() }) return
        place.removeAllViews()
        for (sentence in sentences) {
            val button = layoutInflater.inflate(R.layout.example, place, false) as Button
            button.text = sentence
            button.setOnClickListener { tryOut(sentence, task) }
            place.addView(button)
        }
    }

    private fun tryOut(sentence: String, task: Task?) {
        if (task == Task.ANSWER && passage.text.isBlank()) passage.setText(R.string.example_passage)
        text.setText(sentence)
        text.setSelection(text.length())
    }

    private fun problemOf(status: Status): String? = when (status) {
        is Status.Failed -> status.problem.text(this)
        Status.NoModel -> getString(R.string.no_model)
        else -> null
    }

    private fun describe(facts: ModelFacts): String = line(
        listOf(
            resources.getQuantityString(R.plurals.layers, facts.layers, facts.layers),
            Formatter.formatShortFileSize(this, facts.bytes),
            getString(if (facts.selfTestPassed) R.string.ready else R.string.computes_differently),
        ),
    )

    private fun tell(line: String) = Toast.makeText(this, line, Toast.LENGTH_LONG).show()

    private companion object {
        const val MODEL = "model"
        const val PICK = 1

        /** A saved screen has to fit into a message of a megabyte; no model reads a hundredth of this. */
        const val MOST_CHARACTERS = 50_000

        const val LONGEST_LABEL = 100

        val HINTS = mapOf(
            Task.CLASSIFY to R.string.hint_classify,
            Task.REGRESS to R.string.hint_any,
            Task.EMBED to R.string.hint_search,
            Task.ENCODE to R.string.hint_any,
            Task.TAG to R.string.hint_any,
            Task.ANSWER to R.string.hint_question,
            Task.FILL_MASK to R.string.hint_mask,
        )

        val EXAMPLES = mapOf(
            Task.CLASSIFY to R.array.examples_classify,
            Task.REGRESS to R.array.examples_any,
            Task.EMBED to R.array.examples_classify,
            Task.ENCODE to R.array.examples_any,
            Task.TAG to R.array.examples_any,
            Task.ANSWER to R.array.examples_question,
            Task.FILL_MASK to R.array.examples_mask,
        )
    }
}

/** Keeps at most [most] characters, and tells when it had to cut. */
private class Shortening(private val most: Int, private val cut: () -> Unit) : InputFilter {
    private val length = InputFilter.LengthFilter(most)

    override fun filter(source: CharSequence, start: Int, end: Int, dest: android.text.Spanned, from: Int, to: Int): CharSequence? =
        length.filter(source, start, end, dest, from, to).also { if (it != null) cut() }
}

private fun whenChanged(act: () -> Unit) = object : TextWatcher {
    override fun beforeTextChanged(text: CharSequence?, start: Int, count: Int, after: Int) = Unit

    override fun onTextChanged(text: CharSequence?, start: Int, before: Int, count: Int) = Unit

    override fun afterTextChanged(text: Editable?) = act()
}

private fun whenSelected(act: (Int) -> Unit) = object : AdapterView.OnItemSelectedListener {
    override fun onItemSelected(parent: AdapterView<*>?, view: View?, position: Int, id: Long) = act(position)

    override fun onNothingSelected(parent: AdapterView<*>?) = Unit
}
