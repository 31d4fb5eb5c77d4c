package dev.edgebert.demo

import android.content.pm.ActivityInfo
import android.content.res.Configuration
import android.net.Uri
import android.widget.EditText
import android.widget.Spinner
import dev.edgebert.EdgebertModel
import java.io.ByteArrayInputStream
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertTrue
import org.junit.Test
import org.robolectric.Robolectric
import org.robolectric.Shadows.shadowOf
import org.robolectric.android.controller.ActivityController
import org.robolectric.shadows.ShadowToast

class MainActivityTest : AppTest() {
    private fun launch(): ActivityController<MainActivity> = Robolectric.buildActivity(MainActivity::class.java).setup()

    private fun MainActivity.type(text: String, into: Int = R.id.text) = findViewById<EditText>(into).setText(text)

    private fun ready(activity: MainActivity) = until("the model is ready") { activity.text(R.id.facts).isNotEmpty() }

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
        val expected = EdgebertModel.open(TestFiles.model("classify")).use { it.classify("Where is my card?").value.scores }
        assertEquals(
            expected.entries.sortedByDescending { it.value }.map { it.key.replace('_', ' ') to "%.1f %%".format(100 * it.value) },
            activity.rows(),
        )
        assertTrue(Regex("tokenise \\d+\\.\\d\\d ms · infer \\d+\\.\\d\\d ms · \\d+ tokens").matches(activity.text(R.id.timing)))
        assertTrue("self-test passed" in activity.text(R.id.facts))
        assertFalse(activity.isShown(R.id.empty))
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
        for ((name, text) in texts) {
            val names = services.store.list().map { it.name }
            activity.findViewById<Spinner>(R.id.models).setSelection(names.indexOf(name))
            until("$name is ready") { name.substringBefore("-l") in activity.text(R.id.facts).replace("classify", "multi") }
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
        first.get().findViewById<Spinner>(R.id.models).setSelection(1)
        until("the other model is ready") { "encode" in first.get().text(R.id.facts) }
        first.get().type("Where is my card?")
        val saved = android.os.Bundle()
        first.saveInstanceState(saved).pause().stop().destroy()
        val activity = Robolectric.buildActivity(MainActivity::class.java).setup(saved).get()
        until("the model is back") { "encode" in activity.text(R.id.facts) }
        assertEquals("Where is my card?", activity.text(R.id.text))
        until("the answer is back") { activity.rows().isNotEmpty() }
    }

    @Test
    fun `no model is a message`() {
        val activity = launch().get()
        until("a problem is shown") { activity.isShown(R.id.problem) }
        assertTrue("No model here" in activity.text(R.id.problem))
        activity.type("Where is my card?")
        assertEquals(emptyList<Any>(), activity.rows())
    }

    @Test
    fun `a truncated model is a message`() = assertSays(problemWith("cut", TestFiles.truncated()), "cut")

    @Test
    fun `a model without vocabulary is a message`() = assertSays(problemWith("mute", TestFiles.withoutVocabulary()), "vocab")

    @Test
    fun `a model of a newer record version is a message`() = assertSays(problemWith("newer", TestFiles.ofNewerFormat()), "7")

    @Test
    fun `a model of a task nobody knows is a message`() = assertSays(problemWith("odd", TestFiles.ofUnknownTask()), "classifx")

    @Test
    fun `a file that is no model at all is a message`() = assertSays(problemWith("text", "hello".toByteArray()), "text")

    @Test
    fun `running out of memory is a message`() {
        services.isOutOfMemory = true
        assertSays(problemWith("classify", TestFiles.model("classify").readBytes()), "not enough memory")
    }

    @Test
    fun `half an emoji is a message, and the next text is answered`() {
        install("classify")
        val activity = launch().get()
        ready(activity)
        activity.type("half \ud83d")
        until("it is answered or refused") { activity.isShown(R.id.problem) || activity.rows().isNotEmpty() }
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
        assertTrue("cut to what the model reads" in controller.get().text(R.id.timing))
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
        until("a problem is shown") { activity.isShown(R.id.problem) && "No model" !in activity.text(R.id.problem) }
        assertEquals(emptyList<Any>(), services.store.list())
    }

    private fun pick(activity: MainActivity, address: String, content: ByteArray) {
        shadowOf(activity.contentResolver).registerInputStream(Uri.parse(address), ByteArrayInputStream(content))
        activity.onOptionsItemSelected(org.robolectric.fakes.RoboMenuItem(R.id.open))
        val asked = shadowOf(activity).nextStartedActivityForResult.intent
        assertEquals("android.intent.action.OPEN_DOCUMENT", asked.action)
        shadowOf(activity).receiveResult(asked, android.app.Activity.RESULT_OK, android.content.Intent().setData(Uri.parse(address)))
    }

    private fun assertSays(problem: String, word: String) {
        assertTrue(problem, word in problem)
        assertFalse(problem, '\n' in problem)
    }
}
