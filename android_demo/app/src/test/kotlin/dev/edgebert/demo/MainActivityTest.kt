package dev.edgebert.demo

import android.content.DialogInterface
import android.content.pm.ActivityInfo
import android.content.res.Configuration
import android.net.Uri
import android.view.ViewGroup
import android.widget.Button
import android.widget.EditText
import android.widget.Spinner
import dev.edgebert.EdgebertModel
import java.io.ByteArrayInputStream
import java.io.File
import java.io.IOException
import java.io.InputStream
import java.util.concurrent.CountDownLatch
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertTrue
import org.junit.Test
import org.robolectric.Robolectric
import org.robolectric.Shadows.shadowOf
import org.robolectric.shadows.ShadowAlertDialog
import org.robolectric.shadows.ShadowToast

class MainActivityTest : AppTest() {
    private fun choose(activity: MainActivity, name: String) {
        val models = activity.findViewById<Spinner>(R.id.models)
        val at = services.store.list().indexOfFirst { it.name == name }
        if (models.selectedItemPosition == at) return
        val opened = services.opened
        models.setSelection(at)
        until("$name is ready") { services.opened > opened && activity.text(R.id.facts).isNotEmpty() }
    }

    private fun problemWith(name: String, content: ByteArray): String {
        install(name, content)
        val activity = launch().get()
        until("a problem is shown") { activity.isShown(R.id.problem) }
        assertEquals(emptyList<Any>(), activity.rows())
        return activity.text(R.id.problem)
    }

    @Test
    fun `typing shows every label with the model's own scores, and where the time went`() {
        install("classify")
        val activity = launch().get()
        ready(activity)
        activity.type("Where is my card?")
        until("labels are shown") { activity.rows().isNotEmpty() }
        val expected = EdgebertModel.fromFile(TestFiles.model("classify")).use { it.classify("Where is my card?").value.scores }
        assertEquals(
            expected.entries.sortedByDescending { it.value }.map { it.key.replace('_', ' ') to "%.0f%%".format(100 * it.value) },
            activity.rows(),
        )
        assertTrue(activity.text(R.id.timing), Regex("Answered in [0-9.]+ ms").matches(activity.text(R.id.timing)))
        assertTrue(activity.text(R.id.facts), Regex("2 layers · .+ kB · ready").matches(activity.text(R.id.facts)))
        assertFalse(activity.isShown(R.id.empty))
    }

    @Test
    fun `an example is tapped while nothing is typed, and answered`() {
        install("classify")
        val activity = launch().get()
        ready(activity)
        assertTrue(activity.isShown(R.id.empty))
        val examples = activity.findViewById<ViewGroup>(R.id.examples)
        val wanted = app.resources.getStringArray(R.array.examples_classify).toList()
        assertEquals(wanted, List(examples.childCount) { (examples.getChildAt(it) as Button).text })
        examples.getChildAt(1).performClick()
        until("labels are shown") { activity.rows().isNotEmpty() }
        assertEquals(wanted[1], activity.text(R.id.text))
        assertFalse(activity.isShown(R.id.examples))
        activity.type("")
        until("examples are back") { activity.isShown(R.id.examples) && activity.rows().isEmpty() }
    }

    @Test
    fun `a best label with a low score is told as not sure`() {
        install("intents", File(TestFiles.repository, "edgebert/data/intents.tflite").readBytes())
        val activity = launch().get()
        ready(activity)
        for ((text, unsure) in listOf("My card was stolen" to false, "I love pizza" to true)) {
            activity.type(text)
            val before = activity.text(R.id.timing)
            until("$text is answered") { activity.rows().isNotEmpty() && activity.text(R.id.timing) != before }
            assertEquals(text, unsure, activity.isShown(R.id.unsure))
        }
    }

    @Test
    fun `a model that was picked is deleted once that is confirmed, and the next one opens`() {
        install("classify", "encode")
        val activity = launch().get()
        ready(activity)
        activity.onOptionsItemSelected(org.robolectric.fakes.RoboMenuItem(R.id.delete))
        val dialog = ShadowAlertDialog.getLatestAlertDialog()
        assertEquals(listOf("classify", "encode"), services.store.list().map { it.name })
        dialog.getButton(DialogInterface.BUTTON_POSITIVE).performClick()
        until("it is gone, and the other one is ready") {
            services.store.list().map { it.name } == listOf("encode") && services.opened == 2 && activity.text(R.id.facts).isNotEmpty()
        }
        assertEquals("encode", activity.findViewById<Spinner>(R.id.models).selectedItem)
    }

    @Test
    fun `a cleared text clears the answer`() {
        install("classify")
        val activity = launch().get()
        ready(activity)
        activity.type("Where is my card?")
        until("labels are shown") { activity.rows().isNotEmpty() }
        activity.type("  ")
        until("nothing is shown") { activity.rows().isEmpty() }
        assertEquals("", activity.text(R.id.timing))
    }

    @Test
    fun `every task shows what it finds`() {
        val texts = mapOf(
            "embed" to "where is my card",
            "encode" to "where is my card",
            "fill-mask" to "Paris is the [MASK] of France.",
            "regress" to "where is my card",
            "multi-label" to "where is my card",
        )
        install(*texts.keys.toTypedArray())
        val activity = launch().get()
        ready(activity)
        for ((name, text) in texts) {
            choose(activity, name)
            activity.type(text)
            until("$name answers") { activity.rows().isNotEmpty() }
            assertFalse(activity.isShown(R.id.problem))
        }
    }

    @Test
    fun `search finds the question that is typed`() {
        install("embed")
        val activity = launch().get()
        ready(activity)
        val question = services.questions().first()
        assertEquals("Search 100 questions", activity.findViewById<EditText>(R.id.text).hint)
        activity.type(question)
        until("hits are shown") { activity.rows().isNotEmpty() }
        assertEquals(question, activity.rows().first().first)
        assertTrue(activity.rows().first().second.toFloat() > 0.99f)
    }

    @Test
    fun `a question waits for its passage, and the answer is found in it`() {
        install("answer")
        val activity = launch().get()
        ready(activity)
        assertTrue(activity.isShown(R.id.passage))
        activity.type("What is the capital of France?")
        activity.type("Paris is the capital of France.", R.id.passage)
        until("an answer is shown") { activity.rows().isNotEmpty() }
        assertTrue(activity.rows().first().first in "Paris is the capital of France.")
    }

    @Test
    fun `a rotation keeps text, answer and the opened model`() {
        install("classify")
        val controller = launch()
        ready(controller.get())
        controller.get().type("Where is my card?")
        until("labels are shown") { controller.get().rows().isNotEmpty() }
        val before = controller.get().rows()
        val turned = Configuration(controller.get().resources.configuration).apply {
            orientation = Configuration.ORIENTATION_LANDSCAPE
            screenWidthDp = 720
            screenHeightDp = 360
        }
        val old = controller.get()
        controller.configurationChange(turned)
        assertTrue(old !== controller.get())
        assertEquals(Configuration.ORIENTATION_LANDSCAPE, controller.get().resources.configuration.orientation)
        assertEquals("Where is my card?", controller.get().text(R.id.text))
        until("labels are shown again") { controller.get().rows() == before }
        assertEquals(1, services.opened)
        assertEquals(ActivityInfo.SCREEN_ORIENTATION_UNSPECIFIED, controller.get().requestedOrientation)
    }

    @Test
    fun `an ended process comes back with text and model`() {
        install("classify", "encode")
        val first = launch()
        ready(first.get())
        choose(first.get(), "encode")
        first.get().type("Where is my card?")
        val saved = android.os.Bundle()
        first.saveInstanceState(saved).pause().stop().destroy()
        val activity = Robolectric.buildActivity(MainActivity::class.java).setup(saved).get()
        ready(activity)
        assertEquals("encode", activity.findViewById<Spinner>(R.id.models).selectedItem)
        assertEquals("Where is my card?", activity.text(R.id.text))
        until("the answer is back") { activity.rows().isNotEmpty() }
    }

    @Test
    fun `no model is a message`() {
        val activity = launch().get()
        until("a problem is shown") { activity.isShown(R.id.problem) }
        assertEquals(app.getString(R.string.no_model), activity.text(R.id.problem))
        activity.type("Where is my card?")
        assertEquals(emptyList<Any>(), activity.rows())
    }

    @Test
    fun `a model that cannot be opened is told in words of the user's, not of the log's`() {
        val cases = mapOf(
            "cut" to (TestFiles.truncated() to R.string.problem_not_a_model),
            "mute" to (TestFiles.withoutVocabulary() to R.string.problem_not_a_model),
            "newer" to (TestFiles.ofNewerFormat() to R.string.problem_too_new),
            "odd" to (TestFiles.ofUnknownTask() to R.string.problem_too_new),
            "text" to ("hello".toByteArray() to R.string.problem_not_a_model),
        )
        for ((name, case) in cases) {
            assertEquals(name, app.getString(case.second), problemWith(name, case.first))
            File(app.filesDir, "models/$name.tflite").delete()
        }
    }

    @Test
    fun `running out of memory is a message`() {
        services.isOutOfMemory = true
        assertEquals(app.getString(R.string.problem_memory), problemWith("classify", TestFiles.model("classify").readBytes()))
    }

    @Test
    fun `half an emoji is a message, and the next text is answered`() {
        install("classify")
        val activity = launch().get()
        ready(activity)
        activity.type("half \ud83d")
        until("it is refused") { activity.isShown(R.id.problem) }
        assertEquals(app.getString(R.string.problem_half_character, 6), activity.text(R.id.problem))
        activity.type("whole \ud83d\ude00")
        until("it is answered") { !activity.isShown(R.id.problem) && activity.rows().isNotEmpty() }
    }

    @Test
    fun `a megabyte of text is cut with a message, answered, and survives a rotation`() {
        install("classify")
        val controller = launch()
        ready(controller.get())
        controller.get().type("card ".repeat(210_000))
        assertEquals(50_000, controller.get().text(R.id.text).length)
        assertTrue("50000" in ShadowToast.getTextOfLatestToast())
        until("labels are shown") { controller.get().rows().isNotEmpty() }
        assertTrue(app.getString(R.string.truncated) in controller.get().text(R.id.timing))
        controller.recreate()
        assertEquals(50_000, controller.get().text(R.id.text).length)
    }

    @Test
    fun `a picked model is taken into the app and opened`() {
        val activity = launch().get()
        pick(activity, "content://files/1", TestFiles.model("classify").readBytes())
        ready(activity)
        assertEquals(listOf("model"), services.store.list().map { it.name })
    }

    @Test
    fun `a picked file that is no model is a message and is not kept`() {
        val activity = launch().get()
        pick(activity, "content://files/2", TestFiles.truncated())
        until("a problem is shown") { activity.isShown(R.id.problem) && activity.text(R.id.problem) != app.getString(R.string.no_model) }
        assertEquals(emptyList<Any>(), services.store.list())
    }

    @Test
    fun `a file that cannot be taken while a model opens leaves that ready`() {
        install("classify")
        val activity = launch().get()
        val isReady = CountDownLatch(1)
        pick(activity, "content://files/3", object : InputStream() {
            override fun read(): Int {
                isReady.await()
                throw IOException("gone")
            }
        })
        ready(activity)
        isReady.countDown()
        until("a problem is shown") { activity.isShown(R.id.problem) }
        assertTrue(activity.text(R.id.facts).endsWith("ready"))
        assertFalse(activity.isShown(R.id.progress))
    }

    private fun pick(activity: MainActivity, address: String, content: ByteArray) = pick(activity, address, ByteArrayInputStream(content))

    private fun pick(activity: MainActivity, address: String, content: InputStream) {
        shadowOf(activity.contentResolver).registerInputStream(Uri.parse(address), content)
        activity.onOptionsItemSelected(org.robolectric.fakes.RoboMenuItem(R.id.open))
        val asked = shadowOf(activity).nextStartedActivityForResult.intent
        assertEquals("android.intent.action.OPEN_DOCUMENT", asked.action)
        shadowOf(activity).receiveResult(asked, android.app.Activity.RESULT_OK, android.content.Intent().setData(Uri.parse(address)))
    }
}
