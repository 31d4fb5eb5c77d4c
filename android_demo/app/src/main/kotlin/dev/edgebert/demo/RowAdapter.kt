package dev.edgebert.demo

import android.view.View
import android.view.ViewGroup
import android.widget.BaseAdapter
import android.widget.ProgressBar
import android.widget.TextView
import dev.edgebert.demo.ask.Row

/** Shows rows in a list. */
class RowAdapter : BaseAdapter() {
    private var rows: List<Row> = emptyList()

    fun show(rows: List<Row>) {
        if (rows == this.rows) return
        this.rows = rows
        notifyDataSetChanged()
    }

    override fun getCount(): Int = rows.size

    override fun getItem(position: Int): Row = rows[position]

    override fun getItemId(position: Int): Long = position.toLong()

    override fun isEnabled(position: Int): Boolean = false

    override fun areAllItemsEnabled(): Boolean = false

    override fun getView(position: Int, convertView: View?, parent: ViewGroup): View {
        val view = convertView ?: View.inflate(parent.context, R.layout.row, null)
        val row = rows[position]
        view.findViewById<TextView>(R.id.title).text = row.title
        view.findViewById<TextView>(R.id.detail).text = row.detail
        view.findViewById<ProgressBar>(R.id.bar).apply {
            visibility = if (row.share == null) View.GONE else View.VISIBLE
            progress = ((row.share ?: 0f) * max).toInt()
        }
        view.contentDescription = listOf(row.title, row.detail).filter { it.isNotEmpty() }.joinToString(", ")
        return view
    }
}
