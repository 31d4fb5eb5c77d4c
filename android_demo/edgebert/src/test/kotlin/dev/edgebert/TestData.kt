package dev.edgebert

import dev.edgebert.modelfile.parseJson
import java.io.File

/** Files of the repository that Python's tests use as well. */
internal val SHARED = File("../../tests/data")

/** What tools/fixtures/make_android_test_data.py has made: `make test-android` calls it. */
internal val MADE = File(System.getProperty("edgebert.testData") ?: "../../build/android-test-data")

internal val VOCABULARY: List<String> by lazy { File(SHARED, "vocab/vocab.txt").readLines() }

/** A JSON object a line. */
internal fun jsonLines(file: File): List<Map<*, *>> {
    check(file.exists()) { "$file is missing; make test-android makes it" }
    return file.readLines().map { parseJson(it) as Map<*, *> }
}

internal fun Any?.floats(): FloatArray = (this as List<*>).map { (it as Number).toFloat() }.toFloatArray()

internal fun Any?.ints(): IntArray = (this as List<*>).map { (it as Number).toInt() }.toIntArray()
