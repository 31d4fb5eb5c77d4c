package dev.edgebert.demo

import android.view.LayoutInflater
import android.view.View
import android.view.ViewGroup
import android.widget.ProgressBar
import android.widget.TextView
import dev.edgebert.demo.ask.Row

/** Shows rows one below the other in a view that scrolls; as many as a person reads. */
class Rows(private val parent: ViewGroup) {
    private var shown: List<Row> = emptyList()

    fun show(rows: List<Row>) {
        if (rows == shown) return
        shown = rows
        val few = rows.take(MOST)
        while (parent.childCount > few.size) parent.removeViewAt(parent.childCount - 1)
        while (parent.childCount < few.size) LayoutInflater.from(parent.context).inflate(R.layout.row, parent)
        few.forEachIndexed { at, row -> fill(parent.getChildAt(at), row) }
    }

    private fun fill(view: View, row: Row) {
        view.findViewById<TextView>(R.id.title).text = row.title
        view.findViewById<TextView>(R.id.detail).apply {
            text = row.detail
            visibility = if (row.detail.isEmpty()) View.GONE else View.VISIBLE
        }
        view.findViewById<ProgressBar>(R.id.bar).apply {
            visibility = if (row.share == null) View.GONE else View.VISIBLE
            progress = ((row.share ?: 0f) * max).toInt()
        }
        view.contentDescription = listOf(row.title, row.detail).filter { it.isNotEmpty() }.joinToString(", ")
    }

    private companion object {
        const val MOST = 200
    }
}
