package dev.edgebert.tokenizer

/**
 * Properties of characters as of Unicode 13, the same on every device.
 *
 * What a phone's own Character and Normalizer say depends on its Android version. The table is made by
 * tools/fixtures/make_unicode_table.py; a character that is younger than Unicode 13 has no properties.
 */
internal class UnicodeTable private constructor(lines: Sequence<String>) {
    private val ranges = HashMap<String, Ranges>()
    private val combining = Ranges.Builder()
    private val lower = HashMap<Int, IntArray>()
    private val decomposed = HashMap<Int, IntArray>()
    private val combiningClasses: Ranges

    init {
        lines.filterNot { it.startsWith("#") }.forEach { line ->
            val words = line.split(' ')
            val values = words.drop(1)
            when (words[0]) {
                "class" -> values.drop(1).forEach { combining.add(it, values[0].toInt()) }
                "lower" -> addLower(values[0].toInt(), values.drop(1))
                "mapped" -> addAll(values, lower)
                "decomposed" -> addAll(values, decomposed)
                else -> ranges[words[0]] = Ranges.Builder().apply { values.forEach { add(it, 1) } }.build()
            }
        }
        combiningClasses = combining.build()
    }

    private val dropped = ranges.getValue("dropped")
    private val accents = ranges.getValue("accent")
    private val punctuation = ranges.getValue("punctuation")
    private val cased = ranges.getValue("cased")
    private val word = ranges.getValue("word")
    private val ignorable = ranges.getValue("case_ignorable")

    /** Controls and formats (U+00AD, U+200D, …), U+0000 and the replacement character. */
    fun isDropped(char: Int): Boolean = dropped[char] != 0

    /** A mark that takes no room of its own (category Mn). */
    fun isAccent(char: Int): Boolean = accents[char] != 0

    /** Any category P, and every ASCII character that is neither letter, digit nor space. */
    fun isPunctuation(char: Int): Boolean = punctuation[char] != 0

    /** A letter, mark, digit or joiner: what \w stands for in regular expressions (UTS #18, annex C). */
    fun isWord(char: Int): Boolean = word[char] != 0

    /** Whether case makes sense for it, as the rule for the final sigma asks. */
    fun isCased(char: Int): Boolean = cased[char] != 0

    /** Whether the rule for the final sigma looks past it. */
    fun isCaseIgnorable(char: Int): Boolean = ignorable[char] != 0

    /** The canonical combining class; 0 for what begins a new character. */
    fun combiningClass(char: Int): Int = combiningClasses[char]

    /** Lower case, where it is another; not for the capital sigma, whose lower case depends on its neighbours. */
    fun lower(char: Int): IntArray? = lower[char]

    /** The full canonical decomposition, where there is one; hangul syllables too. */
    fun decompose(char: Int): IntArray? = decomposed[char] ?: decomposeHangul(char)

    private fun addLower(distance: Int, values: List<String>) = values.forEach { value ->
        val (range, step) = value.split('/').let { it[0] to (it.getOrNull(1)?.toInt() ?: 1) }
        val (first, last) = bounds(range)
        for (char in first..last step step) lower[char] = intArrayOf(char + distance)
    }

    private fun addAll(values: List<String>, target: HashMap<Int, IntArray>) = values.forEach { value ->
        val (from, to) = value.split('=')
        target[from.toInt(16)] = to.split('+').map { it.toInt(16) }.toIntArray()
    }

    companion object {
        /** Absolute, in a folder that is no package: R8 renames packages, and folders called like them. */
        private const val RESOURCE = "/edgebert/unicode13.txt"

        /** Read when the first text comes that is not ASCII. */
        val instance: UnicodeTable by lazy {
            val stream = checkNotNull(UnicodeTable::class.java.getResourceAsStream(RESOURCE)) { "no $RESOURCE" }
            stream.bufferedReader(Charsets.US_ASCII).useLines { UnicodeTable(it) }
        }
    }
}

/** Hangul syllables are decomposed by arithmetic: section 3.12 of the Unicode Standard. */
private fun decomposeHangul(char: Int): IntArray? {
    val index = char - 0xAC00
    if (index !in 0 until 11_172) return null
    val lead = 0x1100 + index / 588
    val vowel = 0x1161 + index % 588 / 28
    val tail = index % 28
    return if (tail == 0) intArrayOf(lead, vowel) else intArrayOf(lead, vowel, 0x11A7 + tail)
}

/** "41" or "41-5A". */
private fun bounds(range: String): Pair<Int, Int> {
    val (first, last) = range.split('-').let { it[0] to it.getOrElse(1) { _ -> it[0] } }
    return first.toInt(16) to last.toInt(16)
}

/** A small number for each code point of some ranges; 0 outside them. */
internal class Ranges private constructor(
    private val firsts: IntArray,
    private val lasts: IntArray,
    private val values: IntArray,
) {
    operator fun get(char: Int): Int {
        val found = firsts.binarySearch(char)
        val at = if (found < 0) -found - 2 else found
        return if (at >= 0 && char <= lasts[at]) values[at] else 0
    }

    class Builder {
        private val ranges = ArrayList<Triple<Int, Int, Int>>()

        fun add(range: String, value: Int) {
            val (first, last) = bounds(range)
            ranges.add(Triple(first, last, value))
        }

        fun build(): Ranges {
            ranges.sortBy { it.first }
            return Ranges(column { it.first }, column { it.second }, column { it.third })
        }

        private fun column(of: (Triple<Int, Int, Int>) -> Int) = IntArray(ranges.size) { of(ranges[it]) }
    }
}
