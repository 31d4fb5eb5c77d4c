package dev.edgebert

/**
 * What a file was converted for.
 *
 * @property id as the command line and the record write it.
 */
enum class Task(val id: String) {
    EMBED("embed"),
    CLASSIFY("classify"),
    REGRESS("regress"),
    ENCODE("encode"),
    TAG("tag"),
    ANSWER("answer"),
    FILL_MASK("fill-mask"),
}
