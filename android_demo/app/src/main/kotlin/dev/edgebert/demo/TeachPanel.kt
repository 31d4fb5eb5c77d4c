package dev.edgebert.demo

import android.app.Activity
import android.text.BidiFormatter
import android.view.LayoutInflater
import android.view.View
import android.view.ViewGroup
import android.view.inputmethod.EditorInfo
import android.widget.Button
import android.widget.EditText
import android.widget.TextView
import dev.edgebert.demo.ask.AskSession
import dev.edgebert.demo.ask.TeachingState
import dev.edgebert.demo.ask.Teacher
import dev.edgebert.demo.ask.readable

/** The part of the main screen where labels are taught by what is typed in [text]; hidden where the model takes none. */
class TeachPanel(private val screen: Activity, private val session: AskSession, private val text: EditText) {
    private val label: EditText = screen.findViewById(R.id.label)
    private val rows: ViewGroup = screen.findViewById(R.id.taught)
    private var shown: Map<String, Long> = emptyMap()

    init {
        label.setOnEditorActionListener { _, action, _ -> (action == EditorInfo.IME_ACTION_DONE).also { if (it) teach() } }
        screen.findViewById<Button>(R.id.teach_it).setOnClickListener { teach() }
        screen.findViewById<Button>(R.id.undo).setOnClickListener { session.undo() }
        screen.findViewById<Button>(R.id.discard).setOnClickListener { confirmDiscarding() }
    }

    fun show(teachingState: TeachingState?) {
        screen.findViewById<View>(R.id.teach).visibility = visibleIf(teachingState != null)
        if (teachingState == null) return
        screen.findViewById<View>(R.id.teach_form).visibility = visibleIf(teachingState.isUsable)
        screen.findViewById<View>(R.id.discard).visibility = visibleIf(!teachingState.isUsable)
        screen.findViewById<View>(R.id.undo).visibility = visibleIf(teachingState.isUsable && teachingState.canUndo)
        screen.findViewById<View>(R.id.taught_heading).visibility = visibleIf(teachingState.labels.isNotEmpty())
        screen.findViewById<Button>(R.id.teach_it).text = action(teachingState)
        screen.findViewById<TextView>(R.id.teach_problem).apply {
            text = teachingState.problem?.text(context)
            visibility = visibleIf(teachingState.problem != null)
        }
        if (teachingState.labels != shown) showTaught(teachingState.labels)
    }

    private fun action(teachingState: TeachingState): String {
        val count = Teacher.sentences(text.text.toString()).size
        return when {
            teachingState.isBusy -> screen.getString(R.string.teaching)
            count == 0 -> screen.getString(R.string.teach)
            else -> screen.resources.getQuantityString(R.plurals.teach_sentences, count, count)
        }
    }

    private fun showTaught(labels: Map<String, Long>) {
        shown = labels
        rows.removeAllViews()
        for ((label, sentences) in labels) {
            val name = readable(label)
            val count = screen.resources.getQuantityString(R.plurals.sentences, sentences.toInt(), sentences.toInt())
            val row = LayoutInflater.from(screen).inflate(R.layout.taught, rows, false)
            row.findViewById<TextView>(R.id.title).text = name
            row.findViewById<TextView>(R.id.detail).text = count
            row.findViewById<View>(R.id.entry).contentDescription = "$name, $count"
            row.findViewById<Button>(R.id.forget).apply {
                contentDescription = screen.getString(R.string.forget_label, BidiFormatter.getInstance().unicodeWrap(name))
                setOnClickListener { session.forget(label) }
            }
            rows.addView(row)
        }
    }

    private fun teach() = session.teach(label.text.toString(), text.text.toString())

    private fun confirmDiscarding() {
        val name = session.state.value.selected?.name ?: return
        screen.confirm(R.string.discard_question, name, R.string.discard) { session.discard() }
    }
}
