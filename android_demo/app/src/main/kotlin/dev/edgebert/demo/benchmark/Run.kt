package dev.edgebert.demo.benchmark

import org.json.JSONObject

// What a benchmark found, as edgebert/benchmarking/report.schema.json has it. Whatever the device cannot tell is null.

data class MeasuredModel(
    val name: String,
    val sha256: String,
    val bytes: Long,
    val task: String,
    val quantization: String,
    val layers: Int,
    val hiddenSize: Int,
    val heads: Int,
) {
    fun toJson(): JSONObject = json(
        "name" to name,
        "sha256" to sha256,
        "bytes" to bytes,
        "task" to task,
        "quantization" to quantization,
        "layers" to layers,
        "hidden_size" to hiddenSize,
        "heads" to heads,
    )
}

/** A stretch of samples taken in one go; clock and temperature are those at its end. */
data class Round(val first: Int, val count: Int, val throttled: Boolean?, val clockMhz: Double?, val temperatureC: Double?) {
    fun toJson(): JSONObject = json(
        "first" to first,
        "count" to count,
        "throttled" to throttled,
        "clock_mhz" to clockMhz,
        "temperature_c" to temperatureC,
    )
}

/** Microseconds an answer, throttled rounds left out. */
data class Stats(val p50: Double, val p90: Double, val p99: Double, val mean: Double, val deviation: Double) {
    fun toJson(): JSONObject =
        json("p50" to p50, "p90" to p90, "p99" to p99, "mean" to mean, "deviation" to deviation)

    companion object {
        /** Null where no round counts. */
        fun of(samples: Samples, rounds: List<Round>, part: String = Samples.TOTAL): Stats? {
            val kept = rounds.filter { it.throttled != true }.flatMap { samples.of(part, it.first, it.count).asList() }.toDoubleArray()
            if (kept.isEmpty()) return null
            val (p50, p90, p99) = listOf(0.5, 0.9, 0.99).map { thousandths(quantile(kept, it)) }
            return Stats(p50, p90, p99, thousandths(kept.average()), thousandths(deviation(kept)))
        }
    }
}

/** One model, number of threads and input, in a process of its own. */
data class Run(
    val model: MeasuredModel,
    val started: Started,
    val threads: Int,
    val given: BenchmarkInput,
    val samples: Samples,
    val rounds: List<Round>,
    val peak: MemoryState,
    val joulesPer1000: Double?,
    val notes: List<String>,
) {
    val stats: Stats? get() = Stats.of(samples, rounds)

    fun toJson(): JSONObject = json(
        "model" to model.toJson(),
        "engine" to ENGINE,
        "engine_version" to started.runtime,
        "threads" to threads,
        "cores" to null,
        "input" to given.toJson(),
        "cold" to json("import_ms" to null, "load_ms" to started.loadMs, "load_cached_ms" to null, "first_ms" to started.firstMs),
        "samples_us" to samples.toJson(),
        "rounds" to jsonList(rounds.map { it.toJson() }),
        "stats" to stats?.toJson(),
        "memory" to json(
            "baseline" to started.baseline.toJson(),
            "loaded" to started.loaded.toJson(),
            "first" to started.first.toJson(),
            "peak" to peak.toJson(),
            "model_file" to started.modelFile,
            "cached" to null,
        ),
        "accuracy" to null,
        "energy" to joulesPer1000?.let { json("joules_per_1000" to it, "source" to "battery gauge") },
        "notes" to jsonList(notes),
    )

    companion object {
        const val ENGINE = "litert"
    }
}

/** How many times longer run number [run] takes than run number [against], interval 95 %. */
data class RunRatio(val run: Int, val against: Int, val ratio: Double, val low: Double, val high: Double) {
    fun toJson(): JSONObject =
        json("run" to run, "against" to against, "ratio" to ratio, "low" to low, "high" to high)

    companion object {
        /** Each run against each one before it; both were interleaved, and runs are numbered from [offset] on. */
        fun between(runs: List<Run>, offset: Int): List<RunRatio> = runs.indices.flatMap { later ->
            (0 until later).mapNotNull { earlier -> ofPair(runs[later], runs[earlier])?.copy(run = offset + later, against = offset + earlier) }
        }

        private fun ofPair(run: Run, against: Run): RunRatio? {
            val both = run.rounds.indices.filter { run.rounds[it].throttled != true && against.rounds[it].throttled != true }
            if (both.size < 2) return null
            val ratios = both.map { run.medianOf(it) / against.medianOf(it) }.toDoubleArray()
            val (low, high) = intervalOfMedian(ratios)
            return RunRatio(0, 0, thousandths(median(ratios)), thousandths(low), thousandths(high))
        }

        private fun Run.medianOf(round: Int) = median(samples.of(Samples.TOTAL, rounds[round].first, rounds[round].count))
    }
}

/** All runs of this device, and what it is. */
data class DeviceResult(val facts: Facts, val runs: List<Run>, val ratios: List<RunRatio>, val notes: List<String>) {
    /** `$defs/device` of the schema. */
    fun toJson(): JSONObject = json(
        "name" to "local",
        "facts" to facts.toJson(),
        "runs" to jsonList(runs.map { it.toJson() }),
        "ratios" to jsonList(ratios.map { it.toJson() }),
        "notes" to jsonList(notes),
    )

    /** A report that `edgebert benchmark` and `edgebert pick` read. */
    fun toReport(created: String, edgebert: String): JSONObject =
        json("format" to 1, "created" to created, "edgebert" to edgebert, "devices" to jsonList(listOf(toJson())))
}
