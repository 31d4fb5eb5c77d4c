package dev.edgebert.demo.benchmark

import kotlin.math.min

private const val ROUND_SECONDS = 0.025
private const val FEWEST_ROUNDS = 10
private const val CONVERGED = 0.01

/** Where medians do not become stable, it ends after so many times the shortest time. */
private const val MOST_TIMES = 3

/** What the rounds of one model gave. */
class Measurements {
    val samples = Samples()
    val rounds = ArrayList<Round>()

    fun add(round: Samples, throttled: Boolean?, state: Facts.State) {
        rounds += Round(samples.size, round.size, throttled, state.clockMhz, state.temperatureC)
        samples.add(round)
    }

    /** Whether its median is stable. */
    val hasConverged: Boolean
        get() = spread(rounds.map { median(samples.of(Samples.TOTAL, it.first, it.count)) }.toDoubleArray()) < CONVERGED
}

/** When it is enough: after so many rounds, or else by seconds of answers a model. */
class StoppingRule(private val rounds: Int?, private val minSeconds: Double) {
    /** How much is done; 1 when all is. */
    fun share(measurements: List<Measurements>): Double {
        val turns = measurements.last().rounds.size
        if (rounds != null) return min(1.0, turns.toDouble() / rounds)
        val done = measurements.minOf { it.samples.seconds }
        if (turns < FEWEST_ROUNDS || done < minSeconds) {
            val ofTime = if (minSeconds > 0) done / minSeconds else 1.0
            return minOf(turns.toDouble() / FEWEST_ROUNDS, ofTime, 1.0) / MOST_TIMES
        }
        if (done >= MOST_TIMES * minSeconds || measurements.all { it.hasConverged }) return 1.0
        return done / (MOST_TIMES * minSeconds)
    }
}

/**
 * Models are interleaved, each in a process of its own: what disturbs a device for a while so disturbs all of them alike.
 *
 * @param onShare is told which share of the work is done
 */
suspend fun interleave(processes: List<MeasuringProcess>, rule: StoppingRule, device: Device, onShare: (Double) -> Unit): List<Measurements> {
    val measurements = processes.map { Measurements() }
    processes.forEach { it.round(0.0) } // each length once, so that it is set up
    var turn = 0
    while (true) {
        val share = rule.share(measurements)
        if (share >= 1) return measurements
        onShare(share)
        for (place in processes.indices) {
            val at = (turn + place) % processes.size
            val before = isThrottled(device.thermalStatus())
            val round = processes[at].round(ROUND_SECONDS)
            val after = isThrottled(device.thermalStatus())
            measurements[at].add(round, if (before == null || after == null) null else before || after, device.state())
        }
        turn++
    }
}
