package dev.edgebert.demo.ask

/**
 * One line of what a screen shows.
 *
 * @property share 0 to 1, shown as a bar; null: no bar
 */
data class Row(val title: String, val detail: String = "", val share: Float? = null)

/**
 * What a model answered.
 *
 * @property isSure false: the rows are but the closest ones, and none may be meant
 */
data class Answers(val rows: List<Row>, val isSure: Boolean = true)
