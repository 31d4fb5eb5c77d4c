package dev.edgebert.demo.benchmark

import java.util.Random
import kotlin.math.ceil
import kotlin.math.floor
import kotlin.math.sqrt

private const val RESAMPLES = 1000
private const val SEED = 0L

/** The [share] quantile (0 to 1) of values, linear between neighbours. */
fun quantile(values: DoubleArray, share: Double): Double {
    val sorted = values.sortedArray()
    val at = share * (sorted.size - 1)
    val (low, high) = sorted[floor(at).toInt()] to sorted[ceil(at).toInt()]
    return low + (high - low) * (at - floor(at))
}

fun median(values: DoubleArray): Double = quantile(values, 0.5)

/** The sample's standard deviation; 0 of one value. */
fun deviation(values: DoubleArray): Double {
    if (values.size < 2) return 0.0
    val mean = values.average()
    return sqrt(values.sumOf { (it - mean) * (it - mean) } / (values.size - 1))
}

/** The 95 % interval of the median of values, by a bootstrap with a fixed seed. */
fun intervalOfMedian(values: DoubleArray): Pair<Double, Double> {
    val random = Random(SEED)
    val medians = DoubleArray(RESAMPLES) { median(DoubleArray(values.size) { values[random.nextInt(values.size)] }) }
    return quantile(medians, 0.025) to quantile(medians, 0.975)
}

/** Half the 95 % interval of the median of values, as a share of it. */
fun spread(values: DoubleArray): Double {
    val (low, high) = intervalOfMedian(values)
    return (high - low) / 2 / median(values)
}
