package dev.edgebert.demo

import android.content.Context
import android.text.format.Formatter
import dev.edgebert.demo.ask.Row
import dev.edgebert.demo.benchmark.Device
import dev.edgebert.demo.benchmark.DeviceResult
import dev.edgebert.demo.benchmark.Run
import dev.edgebert.demo.benchmark.Stats
import dev.edgebert.demo.benchmark.median
import java.util.Locale

/** What the benchmark screen tells of a result. */
class BenchmarkRows(private val context: Context) {
    fun of(result: DeviceResult, device: Device): List<Row> =
        result.runs.flatMap(::ofRun) + listOfNotNull(
            row(R.string.thermal, thermal(device.thermalStatus())),
            result.facts.board?.let { row(R.string.device, it) },
            result.facts.cpu?.let { row(R.string.processor, it) },
            cores(result).takeIf { it.isNotEmpty() }?.let { row(R.string.cores, it) },
            result.facts.features?.let { row(R.string.features, it.joinToString(" ").ifEmpty { context.getString(R.string.none) }) },
            result.facts.memoryBytes?.let { row(R.string.memory_of_device, size(it)) },
            row(R.string.system, result.facts.os),
        ) + (result.notes + result.facts.notes).map { Row(it) }

    private fun ofRun(run: Run): List<Row> {
        val stats = run.stats ?: return listOf(Row(run.model.name, context.getString(R.string.throttled)))
        val most = stats.p99
        return listOf(
            Row(context.getString(R.string.measured, run.model.name, run.samples.size, run.rounds.size)),
            latency("p50", stats.p50, most),
            latency("p90", stats.p90, most),
            latency("p99", stats.p99, most),
            row(R.string.tokenize, millis(medianOf(run, "tokenize"))),
            row(R.string.infer, millis(medianOf(run, "set") + medianOf(run, "invoke") + medianOf(run, "finish"))),
            row(R.string.load, context.getString(R.string.load_detail, run.started.loadMs, run.started.firstMs)),
        ) + listOfNotNull(
            // Where Android does not say, such as before a first measurement, there is nothing to show.
            run.started.pss.takeIf { it > 0 }?.let { row(R.string.pss, size(it)) },
            run.started.first.private?.takeIf { it > 0 }?.let { row(R.string.private_memory, size(it)) },
            run.joulesPer1000?.let { row(R.string.energy, context.getString(R.string.joules, it)) },
        ) + run.notes.map { Row(it) }
    }

    private fun latency(name: String, micros: Double, most: Double) = Row(name, millis(micros), (micros / most).toFloat())

    private fun medianOf(run: Run, part: String): Double = Stats.of(run.samples, run.rounds, part)?.p50 ?: median(run.samples.of(part))

    private fun cores(result: DeviceResult): String =
        result.facts.cores.groupingBy { it.maxMhz }.eachCount().entries.sortedByDescending { it.key ?: 0.0 }.joinToString(" + ") { (mhz, count) ->
            if (mhz == null) "$count" else context.getString(R.string.cores_at, count, mhz / 1000)
        }

    private fun thermal(status: Int?): String {
        val names = context.resources.getStringArray(R.array.thermal_statuses)
        return status?.let { names.getOrNull(it) } ?: context.getString(R.string.unknown)
    }

    private fun row(title: Int, detail: String) = Row(context.getString(title), detail)

    private fun millis(micros: Double) = String.format(Locale.getDefault(), "%.3f ms", micros / 1000)

    private fun size(bytes: Long) = Formatter.formatShortFileSize(context, bytes)
}
