package dev.edgebert.demo.benchmark

import org.json.JSONObject

/** One core; cores of equal kind have the same [cluster], 0 holds the weakest. */
data class Core(val id: Int, val cluster: Int?, val maxMhz: Double?)

/** What a device is, and the state it was in; `facts` of the schema. */
data class Facts(
    val board: String?,
    val cpu: String?,
    val features: List<String>?,
    val cores: List<Core>,
    val governor: String?,
    val before: State,
    val after: State,
    val throttled: Boolean?,
    val memoryBytes: Long?,
    val os: String,
    val engines: Map<String, String>,
    val power: String?,
) {
    /** What changes from one moment to the next. */
    data class State(val clockMhz: Double?, val temperatureC: Double?)

    /** What makes the figures less than they could be. */
    val notes: List<String> get() = listOfNotNull(
        "governor is $governor, not performance: clocks may be lower than they could be".takeIf { governor != null && governor != "performance" },
        "runs on battery".takeIf { power == "battery" },
        "slowed itself down; such rounds are left out".takeIf { throttled == true },
    )

    fun toJson(): JSONObject = json(
        "board" to board,
        "cpu" to cpu,
        "features" to features?.let(::jsonList),
        "cores" to jsonList(cores.map { json("id" to it.id, "cluster" to it.cluster, "max_mhz" to it.maxMhz) }),
        "governor" to governor,
        "clock_mhz_before" to before.clockMhz,
        "clock_mhz_after" to after.clockMhz,
        "temperature_c_before" to before.temperatureC,
        "temperature_c_after" to after.temperatureC,
        "throttled" to throttled,
        "memory_bytes" to memoryBytes,
        "os" to os,
        "python" to null,
        "engines" to JSONObject(engines),
        "power" to power,
        "notes" to jsonList(notes),
    )
}

/** The processor, as Linux tells. */
class Processor(private val linux: LinuxFiles) {
    /** Features that decide the speed of a model; null where the system does not tell. */
    fun features(): List<String>? {
        val line = FEATURE_LINE.find(linux.text("proc/cpuinfo")) ?: return null
        val flags = line.groupValues[1].split(' ').toSet()
        return FEATURES.filter { it.value in flags }.keys.toList()
    }

    fun name(): String? = HARDWARE_LINE.find(linux.text("proc/cpuinfo"))?.groupValues?.get(1)?.trim()

    fun cores(): List<Core> {
        val ids = linux.names(CPUS).mapNotNull { CPU.matchEntire(it)?.groupValues?.get(1)?.toInt() }.sorted()
        val clocks = ids.associateWith { linux.number("$CPUS/cpu$it/cpufreq/cpuinfo_max_freq") }
        val kinds = clocks.values.filterNotNull().distinct().sorted()
        return ids.map { id -> Core(id, clocks[id]?.let(kinds::indexOf), clocks[id]?.let { it / 1000.0 }) }
    }

    /** Of cpufreq; several are joined by commas. */
    fun governor(): String? =
        cores().map { linux.text("$CPUS/cpu${it.id}/cpufreq/scaling_governor") }.filter { it.isNotEmpty() }
            .distinct().sorted().joinToString(",").ifEmpty { null }

    /** Mean of the cores at this moment. */
    fun clockMhz(): Double? {
        val clocks = cores().mapNotNull { linux.number("$CPUS/cpu${it.id}/cpufreq/scaling_cur_freq") }
        return if (clocks.isEmpty()) null else hundredths(clocks.average() / 1000)
    }

    private companion object {
        const val CPUS = "sys/devices/system/cpu"
        val CPU = Regex("cpu(\\d{1,4})")
        val FEATURE_LINE = Regex("^(?:Features|flags)\\s*:\\s*(.*)$", RegexOption.MULTILINE)
        val HARDWARE_LINE = Regex("^(?:Hardware|model name)\\s*:\\s*(.+)$", RegexOption.MULTILINE)

        /** As in `edgebert.runtime.machine.FEATURES`. */
        val FEATURES = mapOf(
            "dotprod" to "asimddp",
            "i8mm" to "i8mm",
            "fp16" to "asimdhp",
            "avx2" to "avx2",
            "avx512_vnni" to "avx512_vnni",
            "avx_vnni" to "avx_vnni",
            "amx" to "amx_int8",
        )
    }
}
