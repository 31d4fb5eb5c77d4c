package dev.edgebert

import org.junit.jupiter.api.AfterAll
import org.junit.jupiter.api.Assertions.assertArrayEquals
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.DynamicTest
import org.junit.jupiter.api.DynamicTest.dynamicTest
import org.junit.jupiter.api.TestFactory
import org.junit.jupiter.api.TestInstance
import java.io.File

/**
 * Each task's answers are those of the Python runtime for the same files, run here by TensorFlow Lite 2.19.
 *
 * @param folder of the files, with Python's answers in `answers.jsonl`.
 * @param options with which they are opened.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class PythonAnswers(private val folder: File, private val options: Options = Options()) {
    private val models = HashMap<String, EdgebertModel>()
    private var tolerance = 0f

    @AfterAll
    fun close() = models.values.forEach(EdgebertModel::close)

    @TestFactory
    fun `answers are Python's`(): List<DynamicTest> =
        jsonLines(File(folder, "answers.jsonl")).mapIndexed { number, case ->
            dynamicTest("$number ${case["model"]} ${case["arguments"].toString().take(80)}") { check(case) }
        }

    @TestFactory
    fun `every file passes its self-test`(): List<DynamicTest> =
        folder.listFiles { file -> file.extension == "tflite" }!!.map { file ->
            dynamicTest(file.name) {
                EdgebertModel.fromFile(file, options).use { model ->
                    val report = model.selfTest()
                    assertTrue(report.passed) { report.failures.joinToString() }
                    assertTrue(report.texts > 0)
                }
            }
        }

    private fun check(case: Map<*, *>) {
        val name = case["model"] as String
        val model = models.getOrPut(name) { EdgebertModel.fromFile(File(folder, name), options) }
        val reply = ask(model, case["arguments"] as Map<*, *>)
        // Runtimes differ in the last digits of float32; int8 kernels round now and then to another step.
        tolerance = if (model.record.quantization == "float32") 1e-5f else 2e-2f
        assertSame(case["value"], reply.value)
        assertEquals(case["tokens"], reply.tokens.toLong())
        assertEquals(case["truncated"], reply.truncated)
    }

    private fun ask(model: EdgebertModel, given: Map<*, *>): Reply<Any> {
        val text = given["text"] as String
        val pair = given["pair"] as String?
        val stride = given.int("stride")
        val truncate = given.enum("truncate", Truncate.LONGEST)
        val long = given.takeIf { model.task != Task.TAG }.orEmpty().enum("long", LongText.TRUNCATE)
        return when (model.task) {
            Task.CLASSIFY -> model.classify(text, pair, truncate, long, stride)
            Task.REGRESS -> model.regress(text, pair, truncate, long, stride)
            Task.EMBED -> model.embed(text, pair, truncate, long, stride, given["prompt"] as String?)
            Task.ENCODE -> model.encode(text, pair, truncate)
            Task.TAG -> model.tag(
                text,
                given.enum("strategy", Strategy.FIRST),
                given.enum("long", LongTagging.TRUNCATE),
                stride,
            )
            Task.ANSWER -> model.answer(
                text,
                checkNotNull(pair),
                checkNotNull(given.int("top")),
                (given["null_threshold"] as Number?)?.toFloat(),
                given.int("max_answer_length") ?: 30,
                stride,
            )
            Task.FILL_MASK -> model.fillMask(text, checkNotNull(given.int("top")))
        }
    }

    private fun Map<*, *>.int(name: String): Int? = (this[name] as Long?)?.toInt()

    private inline fun <reified T : Enum<T>> Map<*, *>.enum(name: String, default: T): T =
        (this[name] as String?)?.let { enumValueOf<T>(it.uppercase()) } ?: default

    /** [expected] is JSON, in which objects have the fields of [found]. */
    private fun assertSame(expected: Any?, found: Any?) {
        when (found) {
            is Float -> assertEquals((expected as Number).toFloat(), found, tolerance)
            is FloatArray -> assertArrayEquals(expected.floats(), found, tolerance)
            is Array<*> -> assertSame(expected, found.asList())
            is List<*> -> {
                assertEquals((expected as List<*>).size, found.size)
                found.forEachIndexed { at, value -> assertSame(expected[at], value) }
            }
            is Map<*, *> -> {
                assertEquals((expected as Map<*, *>).keys.toList(), found.keys.toList())
                found.forEach { (name, value) -> assertSame(expected[name], value) }
            }
            is Classification -> assertFields(
                expected,
                "label" to found.label,
                "score" to found.score,
                "scores" to found.scores,
                "abstained" to found.abstained,
                "given" to found.given,
            )
            is Span -> assertFields(
                expected,
                "label" to found.label,
                "score" to found.score,
                "start" to found.start,
                "end" to found.end,
                "text" to found.text,
                "abstained" to found.abstained,
            )
            is Answer -> assertFields(
                expected,
                "text" to found.text,
                "start" to found.start,
                "end" to found.end,
                "score" to found.score,
                "abstained" to found.abstained,
            )
            is Fill -> assertFields(expected, "token" to found.token, "score" to found.score, "text" to found.text)
            is Int -> assertEquals(expected, found.toLong())
            else -> assertEquals(expected, found)
        }
    }

    private fun assertFields(expected: Any?, vararg fields: Pair<String, Any?>) = assertSame(expected, mapOf(*fields))
}
