package dev.edgebert

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import java.io.File
import kotlin.math.abs

/** Classifiers on 1,000 test questions of BANKING77: as the Python runtime answers. */
class IntentsTest {
    private val cases = jsonLines(File(MADE, "intents.jsonl"))

    @Test
    fun `labels and scores in float32 are Python's`() {
        assertEquals(1000, cases.size)
        var largest = 0f
        EdgebertModel.fromFile(File(MADE, "exact.tflite")).use { model ->
            for (case in cases) {
                val found = model.classify(case["text"] as String).value
                assertEquals(case["label"], found.label, case["text"] as String)
                val scores = found.scores.values.toList()
                case["scores"].floats().forEachIndexed { at, score -> largest = maxOf(largest, abs(score - scores[at])) }
            }
        }
        println("1,000 questions, float32: equal labels, scores differ by at most $largest")
        assertTrue(largest < 1e-3f) { "scores differ by $largest" }
    }

    @Test
    fun `what a file abstains on is what it does in Python`() {
        val questions = jsonLines(File(MADE, "abstained.jsonl"))
        assertEquals(1000, questions.size)
        EdgebertModel.fromFile(File(MADE, "classify-abstains.tflite")).use { model ->
            val others = questions.count {
                val found = model.classify(it["text"] as String).value
                found.label != it["label"] || found.abstained != it["abstained"]
            }
            println("1,000 questions: $others decided otherwise, ${questions.count { it["abstained"] == true }} abstained on")
            assertTrue(others <= 2) { "$others decided otherwise" }
        }
    }

    /** The int8 kernels of this runtime are not LiteRT's (docs/android_library.md): a few may tip over. */
    @Test
    fun `labels as shipped, in int8, are Python's but for a few`() {
        val some = cases.filterIndexed { at, _ -> at % 10 == 0 }
        EdgebertModel.fromFile(File(MADE, "models/intents.tflite")).use { model ->
            val others = some.count { model.classify(it["text"] as String).value.label != it["shipped"] }
            println("${some.size} questions, int8: $others other labels")
            assertTrue(others <= 3) { "$others other labels" }
        }
    }
}
