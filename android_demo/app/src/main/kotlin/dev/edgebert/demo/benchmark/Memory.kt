package dev.edgebert.demo.benchmark

import org.json.JSONObject

/**
 * Resident memory of a process in bytes, in parts that add up to [resident].
 *
 * @property private anonymous: the heap, what the engine packed
 * @property shared pages that other processes have mapped as well
 * @property mapped pages of files that only this process has mapped; the system can take them back
 */
data class MemoryState(
    val private: Long? = null,
    val shared: Long? = null,
    val mapped: Long? = null,
    val resident: Long? = null,
) {
    fun toJson(): JSONObject = json("private" to private, "shared" to shared, "mapped" to mapped, "resident" to resident)

    companion object {
        fun of(value: JSONObject) =
            MemoryState(value.longOrNull("private"), value.longOrNull("shared"), value.longOrNull("mapped"), value.longOrNull("resident"))
    }
}

internal fun JSONObject.longOrNull(name: String): Long? = if (isNull(name)) null else getLong(name)

/** Memory of this process, as Linux accounts for it. */
class Memory(private val linux: LinuxFiles) {
    /** At this moment: `smaps_rollup` (Linux 4.14), or the sums of `smaps`. */
    fun now(): MemoryState {
        for (name in listOf("smaps_rollup", "smaps")) {
            val sizes = sums(linux.text("proc/self/$name"))
            val resident = sizes["Rss"] ?: continue
            val private = sizes["Anonymous"] ?: continue
            val shared = sizes.getOrDefault("Shared_Clean", 0) + sizes.getOrDefault("Shared_Dirty", 0)
            return MemoryState(private, shared, maxOf(0, resident - shared - private), resident)
        }
        return MemoryState(resident = sums(linux.text("proc/self/status"))["VmRSS"])
    }

    /** The most that was ever resident. */
    fun peak(): MemoryState = MemoryState(resident = sums(linux.text("proc/self/status"))["VmHWM"])

    /** Resident bytes of mapped files whose name ends as [ending]; null where the system does not tell. */
    fun mapped(ending: String): Long? {
        val smaps = linux.text("proc/self/smaps").ifEmpty { return null }
        var inside = false
        var total = 0L
        for (line in smaps.lineSequence()) {
            if (HEADER.containsMatchIn(line)) {
                inside = line.endsWith(ending)
            } else if (inside && line.startsWith("Rss:")) {
                total += sums(line).getValue("Rss")
            }
        }
        return total
    }

    private fun sums(text: String): Map<String, Long> {
        val sums = HashMap<String, Long>()
        for (line in text.lineSequence()) {
            val found = SIZE.matchEntire(line.trim()) ?: continue
            sums.merge(found.groupValues[1], 1024 * found.groupValues[2].toLong(), Long::plus)
        }
        return sums
    }

    private companion object {
        val HEADER = Regex("^[0-9a-f]+-[0-9a-f]+ ")
        val SIZE = Regex("(\\w+):\\s+(\\d{1,15}) kB")
    }
}
