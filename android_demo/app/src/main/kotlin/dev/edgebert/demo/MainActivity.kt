package dev.edgebert.demo

import android.app.Activity
import android.content.ActivityNotFoundException
import android.content.Intent
import android.os.Bundle
import android.text.Editable
import android.text.InputFilter
import android.text.TextWatcher
import android.view.Menu
import android.view.MenuItem
import android.view.View
import android.widget.AdapterView
import android.widget.ArrayAdapter
import android.widget.EditText
import android.widget.ListView
import android.widget.ProgressBar
import android.widget.Spinner
import android.widget.TextView
import android.widget.Toast
import dev.edgebert.Task
import dev.edgebert.demo.ask.AskSession
import dev.edgebert.demo.ask.AskState
import dev.edgebert.demo.ask.ModelFacts
import dev.edgebert.demo.ask.Status
import java.util.Locale
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
    private val rows = RowAdapter()
    private var scope: CoroutineScope? = null

    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        setContentView(R.layout.activity_main)
        setActionBar(findViewById(R.id.toolbar))
        keepClearOfBars(findViewById(R.id.root))
        models = findViewById(R.id.models)
        text = findViewById(R.id.text)
        passage = findViewById(R.id.passage)
        findViewById<ListView>(R.id.rows).adapter = rows
        val kept = lastNonConfigurationInstance as AskSession?
        session = kept ?: AskSession(DemoApp.services(this)).apply { start(savedInstanceState?.getString(MODEL)) }
        models.onItemSelectedListener = whenSelected { session.select(session.state.value.models[it]) }
        for (field in listOf(text, passage)) {
            field.filters = arrayOf(Shortening(MOST_CHARACTERS) { tell(getString(R.string.text_cut, MOST_CHARACTERS)) })
            field.addTextChangedListener(whenChanged(::ask))
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

    override fun onOptionsItemSelected(item: MenuItem): Boolean {
        when (item.itemId) {
            R.id.benchmark -> startActivity(Intent(this, BenchmarkActivity::class.java))
            R.id.open -> pick()
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

    private fun ask() = session.ask(text.text.toString(), passage.text.toString())

    private fun show(state: AskState) {
        showModels(state)
        val facts = (state.status as? Status.Ready)?.facts
        passage.visibility = visibleIf(facts?.task == Task.ANSWER)
        text.hint = getString(if (facts == null) R.string.hint_any else HINTS.getValue(facts.task), facts?.documents ?: 0)
        findViewById<TextView>(R.id.facts).text = if (facts == null) "" else describe(facts)
        showProgress(state.status)
        val problem = state.problem ?: problemOf(state.status)
        findViewById<TextView>(R.id.problem).apply {
            text = problem
            visibility = visibleIf(problem != null)
        }
        showReply(state, quiet = problem != null || facts == null)
    }

    private fun showModels(state: AskState) {
        val names = state.models.map { it.name }
        val shown = (models.adapter as ArrayAdapter<*>?)?.let { shown -> List(shown.count) { shown.getItem(it) } }
        if (shown != names) {
            models.adapter = ArrayAdapter(this, R.layout.model, names).apply { setDropDownViewResource(android.R.layout.simple_spinner_dropdown_item) }
        }
        val at = state.models.indexOf(state.selected)
        if (at >= 0 && models.selectedItemPosition != at) models.setSelection(at)
    }

    private fun showProgress(status: Status) {
        val bar = findViewById<ProgressBar>(R.id.progress)
        bar.visibility = visibleIf(status is Status.Opening || status is Status.Indexing)
        bar.isIndeterminate = status is Status.Opening
        if (status is Status.Indexing) {
            bar.max = status.total
            bar.progress = status.done
        }
        findViewById<TextView>(R.id.working).apply {
            visibility = bar.visibility
            text = if (status is Status.Indexing) getString(R.string.indexing, status.done, status.total) else getString(R.string.opening)
        }
    }

    private fun showReply(state: AskState, quiet: Boolean) {
        val reply = state.reply
        rows.show(reply?.value.orEmpty())
        findViewById<TextView>(R.id.empty).apply {
            visibility = visibleIf(!quiet && reply?.value.isNullOrEmpty())
            setText(if (reply == null) R.string.type_to_begin else R.string.nothing_found)
        }
        findViewById<TextView>(R.id.timing).text = if (reply == null) "" else listOfNotNull(
            getString(R.string.timing, millis(reply.timing.tokenizeMillis), millis(reply.timing.inferMillis)),
            resources.getQuantityString(R.plurals.tokens, reply.tokens, reply.tokens),
            getString(R.string.truncated).takeIf { reply.truncated },
        ).joinToString(getString(R.string.separator))
    }

    private fun problemOf(status: Status): String? = when (status) {
        is Status.Failed -> status.message
        Status.NoModel -> getString(R.string.no_model)
        else -> null
    }

    private fun describe(facts: ModelFacts): String = listOfNotNull(
        facts.task.id,
        facts.quantization,
        getString(R.string.shape, facts.layers, facts.hiddenSize),
        facts.labels.takeIf { it > 0 }?.let { resources.getQuantityString(R.plurals.labels, it, it) },
        getString(if (facts.selfTestPassed) R.string.self_test_passed else R.string.self_test_failed),
    ).joinToString(getString(R.string.separator))

    private fun millis(value: Double) = String.format(Locale.getDefault(), "%.2f", value)

    private fun visibleIf(condition: Boolean) = if (condition) View.VISIBLE else View.GONE

    private fun tell(line: String) = Toast.makeText(this, line, Toast.LENGTH_LONG).show()

    private companion object {
        const val MODEL = "model"
        const val PICK = 1

        /** A saved screen has to fit into a message of a megabyte; no model reads a hundredth of this. */
        const val MOST_CHARACTERS = 50_000

        val HINTS = mapOf(
            Task.CLASSIFY to R.string.hint_classify,
            Task.REGRESS to R.string.hint_any,
            Task.EMBED to R.string.hint_search,
            Task.ENCODE to R.string.hint_any,
            Task.TAG to R.string.hint_any,
            Task.ANSWER to R.string.hint_question,
            Task.FILL_MASK to R.string.hint_mask,
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
