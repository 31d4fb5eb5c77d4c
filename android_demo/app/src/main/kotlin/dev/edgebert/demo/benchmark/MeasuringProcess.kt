package dev.edgebert.demo.benchmark

import java.io.Closeable
import org.json.JSONObject

/** What a measuring process is told: the [ModelSource.id][dev.edgebert.demo.models.ModelSource.id] of its model, and what to give it. */
data class Setting(val model: String, val threads: Int, val given: BenchmarkInput) {
    fun toJson(): JSONObject = json("model" to model, "threads" to threads, "given" to given.toSetting())

    companion object {
        /** @param questions those that ship with edgebert, for texts of exact lengths */
        fun of(value: JSONObject, questions: () -> List<String>) =
            Setting(value.getString("model"), value.getInt("threads"), BenchmarkInput.of(value.getJSONObject("given"), questions))
    }
}

/** How the start of a measuring process went. */
data class Started(
    val runtime: String,
    val loadMs: Double,
    val firstMs: Double,
    val baseline: MemoryState,
    val loaded: MemoryState,
    val first: MemoryState,
    val modelFile: Long?,
    /** Proportional set size in bytes by `Debug.getMemoryInfo`, after the first answer: what Android itself counts. */
    val pss: Long,
) {
    fun toJson(): JSONObject = json(
        "runtime" to runtime,
        "load_ms" to loadMs,
        "first_ms" to firstMs,
        "baseline" to baseline.toJson(),
        "loaded" to loaded.toJson(),
        "first" to first.toJson(),
        "model_file" to modelFile,
        "pss" to pss,
    )

    companion object {
        fun of(value: JSONObject) = Started(
            runtime = value.getString("runtime"),
            loadMs = value.getDouble("load_ms"),
            firstMs = value.getDouble("first_ms"),
            baseline = MemoryState.of(value.getJSONObject("baseline")),
            loaded = MemoryState.of(value.getJSONObject("loaded")),
            first = MemoryState.of(value.getJSONObject("first")),
            modelFile = value.longOrNull("model_file"),
            pss = value.getLong("pss"),
        )
    }
}

/** A process that holds one model and answers with it; every call throws [dev.edgebert.demo.BenchmarkException] where it fails. */
interface MeasuringProcess : Closeable {
    suspend fun start(setting: Setting): Started

    /** Answers all texts, again and again for so long, at least once. */
    suspend fun round(seconds: Double): Samples

    suspend fun peak(): MemoryState
}
