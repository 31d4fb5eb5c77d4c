package dev.edgebert.demo

import android.app.Activity
import android.app.AlertDialog
import android.content.Context
import android.text.BidiFormatter
import android.view.View
import java.util.Locale

/** Facts in a line, each kept in its own direction, so that none is torn apart where one is written from the right. */
fun Context.line(facts: List<String>): String {
    val bidi = BidiFormatter.getInstance(resources.configuration.locales[0])
    return facts.joinToString(getString(R.string.separator)) { bidi.unicodeWrap(it) }
}

/** As few digits as tell something: 0.42, 4.2, 42. */
fun millisText(millis: Double): String = String.format(Locale.getDefault(), if (millis < 1) "%.2f" else if (millis < 10) "%.1f" else "%.0f", millis)

/** Does something with what has a name once that is confirmed. */
fun Activity.confirm(question: Int, name: String, action: Int, act: () -> Unit) {
    AlertDialog.Builder(this)
        .setMessage(getString(question, BidiFormatter.getInstance().unicodeWrap(name)))
        .setNegativeButton(android.R.string.cancel, null)
        .setPositiveButton(action) { _, _ -> act() }
        .show()
}

fun visibleIf(condition: Boolean): Int = if (condition) View.VISIBLE else View.GONE
