package dev.edgebert.demo.benchmark

import dev.edgebert.demo.BenchmarkException
import java.io.File
import org.json.JSONException
import org.json.JSONObject

/** A model of a job: its file, the SHA-256 that this must have, and what the report calls it. */
data class JobModel(val path: String, val sha256: String, val name: String)

/**
 * What a computer asks to be measured; see docs/android_protocol.md.
 *
 * @property rounds exactly so many; null: as [minSeconds] says
 */
data class BenchmarkJob(
    val models: List<JobModel>,
    val threads: List<Int>,
    val lengths: List<Int>,
    val texts: String?,
    val rounds: Int?,
    val minSeconds: Double,
    val cores: String?,
    val data: String?,
) {
    companion object {
        private const val FORMAT = 1
        private const val MOST_BYTES = 1L shl 20
        private const val MOST_SECONDS = 86_400.0
        private val ENGINES = setOf("auto", "litert")

        /** @throws BenchmarkException the file is none, or says what this app cannot do */
        fun read(file: File): BenchmarkJob {
            if (!file.canRead()) throw BenchmarkException("benchmark job: $file cannot be read")
            if (file.length() > MOST_BYTES) throw BenchmarkException("benchmark job: larger than 1 MB")
            return parse(file.readText())
        }

        /** @throws BenchmarkException as [read] */
        fun parse(text: String): BenchmarkJob =
            try {
                val value = JSONObject(text)
                val format = value.opt("format")
                if (format != FORMAT) throw BenchmarkException("benchmark job: format $format; this app takes $FORMAT")
                checked(value)
            } catch (error: JSONException) {
                throw BenchmarkException("benchmark job: ${error.message}", error)
            }

        private fun checked(value: JSONObject): BenchmarkJob {
            val engines = value.getJSONArray("engines").let { list -> List(list.length()) { list.getString(it) } }
            val job = BenchmarkJob(
                models = value.getJSONArray("models").objects().map {
                    JobModel(it.getString("path"), it.getString("sha256"), it.getString("name"))
                },
                threads = ints(value, "threads"),
                lengths = ints(value, "lengths"),
                texts = value.stringOrNull("texts"),
                rounds = if (value.isNull("rounds")) null else value.getInt("rounds"),
                minSeconds = value.getDouble("min_seconds"),
                cores = value.stringOrNull("cores"),
                data = value.stringOrNull("data"),
            )
            val wrong = listOf(
                "no model to measure" to job.models.isEmpty(),
                "engines ${engines.joinToString()}; this app has litert" to (engines.isEmpty() || !ENGINES.containsAll(engines)),
                "threads ${job.threads.joinToString()}; whole numbers from 1 on are needed" to (job.threads.isEmpty() || job.threads.min() < 1),
                "rounds ${job.rounds}; at least 1 is needed" to (job.rounds != null && job.rounds < 1),
                "min_seconds ${job.minSeconds}; 0 to 86400 are accepted" to (job.minSeconds !in 0.0..MOST_SECONDS),
            )
            wrong.firstOrNull { it.second }?.let { throw BenchmarkException("benchmark job: ${it.first}") }
            return job
        }

        private fun ints(value: JSONObject, name: String): List<Int> =
            value.getJSONArray(name).let { list -> List(list.length()) { list.getInt(it) } }
    }
}
