package dev.edgebert.demo

import android.app.Activity
import android.graphics.Bitmap
import android.graphics.Canvas
import android.view.View
import android.view.ViewGroup
import android.widget.Button
import android.widget.EditText
import android.widget.Spinner
import dev.edgebert.demo.benchmark.Device
import dev.edgebert.demo.benchmark.Facts
import java.awt.image.BufferedImage
import java.awt.image.DataBuffer
import java.awt.image.IndexColorModel
import java.io.File
import javax.imageio.ImageIO
import org.junit.Assume.assumeTrue
import org.junit.Before
import org.junit.Test
import org.robolectric.Robolectric
import org.robolectric.RuntimeEnvironment
import org.robolectric.annotation.Config

private const val PHONE = "w360dp-h720dp-port"
private const val TURNED = "w720dp-h360dp-land"
private const val TABLET = "w800dp-h1100dp-port"
private const val MOST_TRIES = 30
private val THREE_DIGITS = Regex("\\p{Nd}{3}")
private val LESSONS = mapOf(
    "freeze card" to "Please freeze my card\nBlock it for now",
    "exchange rate" to "How many dollars for a pound?",
    "opening hours" to "When does the branch open?",
)
private const val TEXT = "I ordered a card two weeks ago and it still has not come"

/**
 * Pictures of the screens for docs/android.md, drawn by Robolectric with the app's own models: `make android-screenshots`.
 *
 * Facts of the device are left out of the benchmark's: they would be those of the computer that drew them.
 */
class ScreenshotsTest : AppTest() {
    private val models = System.getProperty("edgebert.screenshots.models")?.let(::File)

    private val shipped = File(TestFiles.repository, "edgebert/data/intents.tflite")

    @Before
    fun installModels() {
        assumeTrue("made by make android-screenshots", models != null)
        install("intents", shipped.readBytes())
        install("questions", File(models, "questions.tflite").readBytes())
    }

    @Test
    @Config(qualifiers = "$PHONE-notnight-xhdpi")
    fun main() = labels("main")

    @Test
    @Config(qualifiers = "$PHONE-night-xhdpi")
    fun mainDark() = labels("main-dark")

    @Test
    @Config(qualifiers = "$TURNED-notnight-xhdpi")
    fun mainTurned() = labels("main-turned")

    @Test
    @Config(qualifiers = "$PHONE-notnight-xhdpi")
    fun mainEmpty() = labels("main-empty", "")

    @Test
    @Config(qualifiers = "$PHONE-night-xhdpi")
    fun mainUnsure() = labels("main-unsure-dark", "I love pizza")

    @Test
    @Config(qualifiers = "$PHONE-notnight-xhdpi")
    fun mainLarge() = large { labels("main-large") }

    @Test
    @Config(qualifiers = "$PHONE-night-xhdpi")
    fun mainEmptyLarge() = large { labels("main-empty-large-dark", "") }

    @Test
    @Config(qualifiers = "$TABLET-notnight-mdpi")
    fun tablet() = labels("main-tablet")

    @Test
    @Config(qualifiers = "$TABLET-night-mdpi")
    fun tabletLarge() = large { labels("main-tablet-large-dark") }

    @Test
    @Config(qualifiers = "ar-ldrtl-$PHONE-notnight-xhdpi")
    fun arabic() = labels("main-arabic")

    @Test
    @Config(qualifiers = "ar-ldrtl-$PHONE-night-xhdpi")
    fun arabicLarge() = large { labels("main-arabic-large-dark", "") }

    @Test
    @Config(qualifiers = "$PHONE-notnight-xhdpi")
    fun search() = hits("search")

    @Test
    @Config(qualifiers = "$PHONE-night-xhdpi")
    fun searchDark() = hits("search-dark")

    @Test
    @Config(qualifiers = "$PHONE-notnight-xhdpi")
    fun teach() = taught("teach")

    @Test
    @Config(qualifiers = "$PHONE-night-xhdpi")
    fun teachLarge() = large { taught("teach-large-dark") }

    @Test
    @Config(qualifiers = "$TABLET-night-mdpi")
    fun teachTablet() = taught("teach-tablet-dark")

    @Test
    @Config(qualifiers = "ar-ldrtl-$PHONE-notnight-xhdpi")
    fun teachArabic() = taught("teach-arabic")

    @Test
    @Config(qualifiers = "$PHONE-notnight-xhdpi")
    fun teachProblem() {
        services.store.taughtFile(services.store.list().first { it.name == "questions" }).writeText("damaged")
        ask("teach-problem", "questions", TEXT, finish = ::scrollToTeaching)
    }

    @Test
    @Config(qualifiers = "$PHONE-notnight-xhdpi")
    fun benchmark() = figures("benchmark")

    @Test
    @Config(qualifiers = "$TURNED-night-xhdpi")
    fun benchmarkTurned() = figures("benchmark-turned-dark")

    @Test
    @Config(qualifiers = "$PHONE-notnight-xhdpi")
    fun benchmarkLarge() = large { figures("benchmark-large") }

    @Test
    @Config(qualifiers = "$PHONE-notnight-xhdpi")
    fun problem() {
        File(app.filesDir, "models").deleteRecursively()
        install("cut_off", TestFiles.truncated())
        val activity = Robolectric.buildActivity(MainActivity::class.java).setup().get()
        until("a problem is shown") { activity.isShown(R.id.problem) }
        save(activity, "problem")
    }

    private fun large(draw: () -> Unit) {
        RuntimeEnvironment.setFontScale(2f)
        draw()
    }

    private fun labels(name: String, text: String = TEXT) = ask(name, "intents", text)

    private fun hits(name: String) = ask(name, "questions", TEXT)

    /** Labels that are taught to an embedder, and what it then answers. */
    private fun taught(name: String) {
        services.questionCount = 1 // none is searched for
        ask(name, "questions", "Can you lock my card?", ::teachLessons, ::scrollToTeaching)
    }

    private fun teachLessons(activity: MainActivity) {
        val labels = activity.findViewById<ViewGroup>(R.id.taught)
        for ((label, sentences) in LESSONS) {
            val before = labels.childCount
            activity.type(sentences)
            activity.type(label, R.id.label)
            activity.findViewById<Button>(R.id.teach_it).performClick()
            until("$label is taught") { labels.childCount > before }
        }
        activity.type(LESSONS.keys.first(), R.id.label)
    }

    private fun scrollToTeaching(activity: MainActivity) {
        idle(200)
        val panel = activity.findViewById<View>(R.id.teach)
        (panel.parent.parent as View).scrollTo(0, panel.bottom)
    }

    private fun ask(name: String, model: String, text: String, prepare: (MainActivity) -> Unit = {}, finish: (MainActivity) -> Unit = {}) {
        val activity = Robolectric.buildActivity(MainActivity::class.java).setup().get()
        val at = services.store.list().indexOfFirst { it.name == model }
        until("a model is ready") { activity.text(R.id.facts).isNotEmpty() }
        if (activity.findViewById<Spinner>(R.id.models).selectedItemPosition != at) {
            activity.findViewById<Spinner>(R.id.models).setSelection(at)
            until("$model is ready") { services.opened == 2 && activity.text(R.id.facts).isNotEmpty() }
        }
        prepare(activity)
        // Again where the first answer, for which the runtime prepares itself, or other work on this machine took long.
        var tries = 0
        if (text.isNotEmpty()) {
            do {
                activity.findViewById<EditText>(R.id.text).setText("")
                until("the answer is gone") { activity.rows().isEmpty() }
                activity.findViewById<EditText>(R.id.text).setText(text)
                until("$text is answered") { activity.rows().isNotEmpty() }
            } while (++tries < MOST_TRIES && THREE_DIGITS.containsMatchIn(activity.text(R.id.timing)))
        }
        activity.findViewById<EditText>(R.id.text).apply {
            setSelection(length())
            isCursorVisible = false
        }
        finish(activity)
        save(activity, name)
    }

    private fun figures(name: String) {
        File(app.filesDir, "models").deleteRecursively()
        install("intents", shipped.readBytes())
        services.device = FactlessDevice(services.device)
        val activity = Robolectric.buildActivity(BenchmarkActivity::class.java).setup().get()
        until("the models are there") { activity.findViewById<Button>(R.id.run).isEnabled }
        activity.findViewById<Button>(R.id.run).performClick()
        until("it has measured") { activity.rows().isNotEmpty() }
        save(activity, name)
    }

    /** A device that tells nothing of itself. */
    private class FactlessDevice(device: Device) : Device by device {
        private val real = device

        override fun facts(before: Facts.State, throttled: Boolean?, engines: Map<String, String>): Facts =
            real.facts(before, throttled, engines).copy(board = null, cpu = null, features = null, cores = emptyList(), governor = null, memoryBytes = null, power = null)
    }

    private fun save(activity: Activity, name: String) {
        idle(200)
        val view = activity.window.decorView
        val picture = Bitmap.createBitmap(view.width, view.height, Bitmap.Config.ARGB_8888)
        view.draw(Canvas(picture))
        val pixels = IntArray(picture.width * picture.height)
        picture.getPixels(pixels, 0, picture.width, 0, 0, picture.width, picture.height)
        val folder = File(requireNotNull(System.getProperty("edgebert.screenshots.output"))).apply { mkdirs() }
        ImageIO.write(fewColors(pixels, picture.width), "png", File(folder, "$name.png"))
    }

    /** The picture in its 256 most frequent colors: a quarter of the bytes, and to the eye the same. */
    private fun fewColors(pixels: IntArray, width: Int): BufferedImage {
        val colors = pixels.asIterable().groupingBy { it }.eachCount().entries.sortedByDescending { it.value }.map { it.key }
        val palette = colors.take(256).toIntArray()
        val model = IndexColorModel(8, palette.size, palette, 0, false, -1, DataBuffer.TYPE_BYTE)
        val nearest = colors.associateWith { color -> palette.indices.minByOrNull { distance(palette[it], color) } ?: 0 }
        val image = BufferedImage(width, pixels.size / width, BufferedImage.TYPE_BYTE_INDEXED, model)
        pixels.forEachIndexed { at, color -> image.raster.setSample(at % width, at / width, 0, nearest.getValue(color)) }
        return image
    }

    private fun distance(one: Int, other: Int): Int = listOf(0, 8, 16).sumOf { shift ->
        val difference = (one shr shift and 0xff) - (other shr shift and 0xff)
        difference * difference
    }
}
