package dev.edgebert.demo.benchmark

import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test

class StatisticsTest {
    /** By numpy.percentile and std(ddof=1). */
    @Test
    fun `quantiles and deviation are numpy's`() {
        val values = doubleArrayOf(7.0, 1.0, 4.0, 2.5, 9.0)
        assertEquals(4.0, median(values), 1e-12)
        assertEquals(8.2, quantile(values, 0.9), 1e-12)
        assertEquals(8.92, quantile(values, 0.99), 1e-12)
        assertEquals(3.2710854467592254, deviation(values), 1e-12)
        assertEquals(0.0, deviation(doubleArrayOf(3.0)), 0.0)
    }

    @Test
    fun `equal values have no spread, and an interval holds the median`() {
        assertEquals(0.0, spread(DoubleArray(12) { 3.0 }), 0.0)
        val values = DoubleArray(40) { (it * 37 % 41).toDouble() }
        val (low, high) = intervalOfMedian(values)
        assertTrue(low < median(values) && median(values) < high)
    }

    @Test
    fun `throttled rounds do not count`() {
        val samples = Samples.of { FloatArray(4) { at -> if (at < 2) 100f else 900f } }
        val rounds = listOf(Round(0, 2, false, null, null), Round(2, 2, true, null, null))
        assertEquals(100.0, Stats.of(samples, rounds)!!.p99, 0.0)
        assertEquals(null, Stats.of(samples, rounds.drop(1)))
    }
}
