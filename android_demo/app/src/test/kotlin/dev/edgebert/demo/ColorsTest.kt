package dev.edgebert.demo

import android.graphics.Color
import org.junit.Assert.assertTrue
import org.junit.Test
import org.robolectric.annotation.Config

/** What is read can be read: contrast by WCAG 2.1, with the colours that Android gives where the user has chosen none. */
class ColorsTest : AppTest() {
    @Test
    @Config(qualifiers = "notnight")
    fun light() = check()

    @Test
    @Config(qualifiers = "night")
    fun dark() = check()

    private fun check() {
        val pairs = listOf(
            Triple(R.color.text, R.color.background, 7.0),
            Triple(R.color.text_quiet, R.color.background, 4.5),
            Triple(R.color.accent, R.color.background, 4.5),
            Triple(R.color.on_accent_surface, R.color.accent_surface, 4.5),
            Triple(R.color.problem, R.color.problem_surface, 4.5),
            Triple(R.color.outline, R.color.background, 3.0),
            Triple(R.color.accent, R.color.track, 3.0),
        )
        for ((front, behind, least) in pairs) {
            val contrast = contrast(app.getColor(front), app.getColor(behind))
            val name = listOf(front, behind).joinToString(" on ") { app.resources.getResourceEntryName(it) }
            println("contrast: $name %.1f".format(contrast))
            assertTrue("$name: $contrast", contrast >= least)
        }
    }

    private fun contrast(one: Int, other: Int): Double {
        val (lighter, darker) = listOf(one, other).map { Color.luminance(it).toDouble() }.sortedDescending()
        return (lighter + 0.05) / (darker + 0.05)
    }
}
