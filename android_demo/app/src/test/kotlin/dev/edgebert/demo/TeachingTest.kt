package dev.edgebert.demo

import android.content.DialogInterface
import android.view.View
import android.view.ViewGroup
import android.view.inputmethod.EditorInfo
import android.widget.Button
import android.widget.EditText
import android.widget.TextView
import dev.edgebert.EdgebertModel
import dev.edgebert.Taught
import dev.edgebert.ask
import dev.edgebert.demo.ask.Answers
import dev.edgebert.demo.ask.AskSession
import dev.edgebert.demo.ask.Status
import java.io.File
import java.util.concurrent.CountDownLatch
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.runBlocking
import org.junit.Assert.assertArrayEquals
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertNull
import org.junit.Assert.assertTrue
import org.junit.Test
import org.robolectric.RuntimeEnvironment
import org.robolectric.annotation.Config
import org.robolectric.fakes.RoboMenuItem
import org.robolectric.shadows.ShadowAlertDialog
import org.robolectric.shadows.ShadowToast

private const val CARD = "please freeze my card"
private const val RATE = "how many dollars for a pound?"

/** Labels that are taught by typing. */
class TeachingTest : AppTest() {
    private fun sideFile(name: String) = File(app.filesDir, "taught/file/$name.taught")

    private fun taught(activity: MainActivity): List<String> {
        val rows = activity.findViewById<ViewGroup>(R.id.taught)
        return List(rows.childCount) { rows.getChildAt(it).findViewById<View>(R.id.entry).contentDescription.toString() }
    }

    private fun MainActivity.press(id: Int) = findViewById<View>(id).performClick()

    private fun MainActivity.teach(label: String, text: String) {
        val before = taught(this)
        type(text)
        type(label, R.id.label)
        press(R.id.teach_it)
        until("$label is taught") { taught(this) != before }
    }

    private fun MainActivity.forget(at: Int) {
        val before = taught(this)
        findViewById<ViewGroup>(R.id.taught).getChildAt(at).findViewById<View>(R.id.forget).performClick()
        until("it is forgotten") { taught(this) != before }
    }

    private fun MainActivity.cannotTeach(label: String, text: String, problem: Int) {
        type(text)
        type(label, R.id.label)
        press(R.id.teach_it)
        until("'$label' is refused") { isShown(R.id.teach_problem) && text(R.id.teach_problem) == getString(problem) }
    }

    /** The side file after a label was taught by the library alone. */
    private fun taughtBy(model: String): ByteArray {
        val file = File.createTempFile("taught", null).apply { delete() }
        EdgebertModel.fromFile(TestFiles.model(model)).use { Taught.open(it, file).teach("freeze_card", listOf(CARD)) }
        return file.readBytes()
    }

    @Test
    fun `a typed label answers with the library's own scores, and forgetting it restores every bit`() {
        install("teachable")
        val session = AskSession(services).apply { start(null) }
        fun answered(change: () -> Unit): Answers {
            val before = session.state.value.reply
            change()
            until("it is answered anew") { session.state.value.reply.let { it != null && it !== before } }
            return session.state.value.reply!!.value
        }
        val plain = answered { session.ask(CARD, "") }
        val after = answered { session.teach(" freeze card ", CARD) }
        val side = File.createTempFile("taught", null).apply { delete() }
        val expected = EdgebertModel.fromFile(TestFiles.model("teachable")).use { model ->
            Taught.open(model, side).apply { teach("freeze card", listOf(CARD)) }.classify(CARD).value
        }
        assertEquals(expected.top().map { it.label to it.score }, after.rows.map { it.title to it.share })
        assertEquals("freeze card", after.rows.first().title)
        assertArrayEquals(side.readBytes(), sideFile("teachable").readBytes())
        assertEquals(plain, answered { session.forget("freeze card") })
        assertEquals(after, answered { session.undo() })
        assertEquals(plain, answered { session.undo() })
        session.close()
    }

    @Test
    fun `each line is a sentence, and more may be taught under the name as it is shown`() {
        install("teachable")
        val activity = launch().get()
        ready(activity)
        assertEquals("Teach", activity.text(R.id.teach_it))
        assertFalse(activity.isShown(R.id.taught_heading) || activity.isShown(R.id.undo))
        activity.type("$CARD\n\n block it for now \nlock my card")
        assertEquals("Teach these 3 sentences", activity.text(R.id.teach_it))
        activity.teach("freeze_card", activity.text(R.id.text))
        assertEquals(listOf("freeze card, 3 sentences"), taught(activity))
        activity.type("Freeze Card", R.id.label)
        activity.type(CARD)
        assertEquals("Teach this sentence", activity.text(R.id.teach_it))
        activity.findViewById<EditText>(R.id.label).onEditorAction(EditorInfo.IME_ACTION_DONE)
        until("it is taught") { taught(activity) == listOf("freeze card, 4 sentences") }
        until("the taught label is shown") { activity.rows().any { it.first == "freeze card" } }
        activity.press(R.id.undo)
        until("it is taken back") { taught(activity) == listOf("freeze card, 3 sentences") }
    }

    @Test
    fun `a second press while a label is being taught teaches nothing more`() {
        install("teachable")
        val activity = launch().get()
        ready(activity)
        activity.type(CARD)
        activity.type("freeze card", R.id.label)
        keepingBusy(services.models.single()) {
            activity.press(R.id.teach_it)
            until("it is under way") { activity.text(R.id.teach_it) == app.getString(R.string.teaching) }
            activity.press(R.id.teach_it)
        }
        until("it is taught") { activity.text(R.id.teach_it) != app.getString(R.string.teaching) }
        assertEquals(listOf("freeze card, 1 sentence"), taught(activity))
    }

    /** While [action] goes on, whatever asks the model waits behind more asks than it has threads for. */
    private fun keepingBusy(model: EdgebertModel, action: () -> Unit) = runBlocking {
        val end = CountDownLatch(1)
        val busy = List(16) { async(Dispatchers.Default, CoroutineStart.UNDISPATCHED) { model.ask { end.await() } } }
        try {
            action()
        } finally {
            end.countDown()
            busy.awaitAll()
        }
    }

    @Test
    fun `an embedder labels once it is taught, and searches again when all is forgotten`() {
        install("embed")
        val activity = launch().get()
        ready(activity)
        activity.type(CARD)
        until("hits are shown") { activity.rows().size == 5 }
        val hits = activity.rows()
        activity.teach("freeze_card", CARD)
        until("one label is shown") { activity.rows() == listOf("freeze card" to "100%") }
        assertTrue(app.getString(R.string.only_label) in activity.text(R.id.timing))
        activity.teach("exchange_rate", RATE)
        until("both labels are shown, of another text") { activity.rows().map { it.first } == listOf("exchange rate", "freeze card") }
        assertFalse(app.getString(R.string.only_label) in activity.text(R.id.timing))
        assertEquals(app.getString(R.string.hint_classify), activity.findViewById<EditText>(R.id.text).hint)
        activity.type(CARD)
        until("the other one is nearer") { activity.rows().firstOrNull()?.first == "freeze card" }
        activity.forget(1)
        activity.forget(0)
        until("hits are shown again") { activity.rows() == hits }
    }

    @Test
    fun `what is taught and what is being typed outlive a rotation, and what is taught a restart`() {
        install("teachable")
        val first = launch()
        ready(first.get())
        first.get().teach("freeze card", CARD)
        until("it is answered") { first.get().rows().any { it.first == "freeze card" } }
        val answer = first.get().rows()
        first.get().type("another", R.id.label)
        first.recreate()
        assertEquals("another", first.get().text(R.id.label))
        until("it is still taught") { taught(first.get()) == listOf("freeze card, 1 sentence") && first.get().rows() == answer }
        first.pause().stop().destroy()
        val activity = launch().get()
        ready(activity)
        assertEquals(listOf("freeze card, 1 sentence"), taught(activity))
        activity.type(CARD)
        until("it is answered as before") { activity.rows() == answer }
        activity.press(R.id.undo)
        until("the change from before is taken back") { taught(activity).isEmpty() && activity.rows().none { it.first == "freeze card" } }
    }

    @Test
    fun `a side file that does not serve is told, kept, and passed over until its user deletes it`() {
        val good = taughtBy("teachable")
        val cases = mapOf(
            "hello".toByteArray() to R.string.problem_taught_damaged,
            good.copyOf(good.size / 2) to R.string.problem_taught_damaged,
            good.copyOf().also { it[40] = (it[40].toInt() xor 1).toByte() } to R.string.problem_taught_damaged,
            String(good).replace("\"format\":2", "\"format\":3").toByteArray() to R.string.problem_taught_format,
            taughtBy("embed") to R.string.problem_taught_model,
        )
        install("teachable")
        val plain = EdgebertModel.fromFile(TestFiles.model("teachable")).use { it.classify(CARD).value.top().map { found -> found.label } }
        for ((content, problem) in cases) {
            sideFile("teachable").apply { parentFile?.mkdirs() }.writeBytes(content)
            val controller = launch()
            val activity = controller.get()
            ready(activity)
            assertEquals(app.getString(problem), activity.text(R.id.teach_problem))
            assertTrue(activity.isShown(R.id.teach_problem) && activity.isShown(R.id.discard))
            assertFalse(activity.isShown(R.id.teach_form) || activity.isShown(R.id.undo))
            activity.type(CARD)
            until("it is answered without") { activity.rows().map { it.first } == plain }
            assertArrayEquals(content, sideFile("teachable").readBytes())
            activity.press(R.id.discard)
            assertTrue(sideFile("teachable").exists())
            ShadowAlertDialog.getLatestAlertDialog().getButton(DialogInterface.BUTTON_POSITIVE).performClick()
            until("it can be taught anew") { activity.isShown(R.id.teach_form) && !activity.isShown(R.id.teach_problem) }
            assertFalse(sideFile("teachable").exists())
            activity.teach("freeze_card", CARD)
            assertArrayEquals(good, sideFile("teachable").readBytes())
            controller.pause().stop().destroy()
        }
    }

    @Test
    fun `a side file that is damaged meanwhile is told and not written over`() {
        install("teachable")
        val activity = launch().get()
        ready(activity)
        activity.teach("freeze card", CARD)
        sideFile("teachable").writeText("hello")
        activity.cannotTeach("rate", RATE, R.string.problem_taught_damaged)
        assertTrue(activity.isShown(R.id.discard))
        assertEquals("hello", sideFile("teachable").readText())
    }

    @Test
    fun `what cannot be taught is told, and nothing is kept of it`() {
        install("teachable")
        val activity = launch().get()
        ready(activity)
        for ((label, text, problem) in listOf(
            Triple("", CARD, R.string.problem_no_label),
            Triple("a\u200bb", CARD, R.string.problem_label),
            Triple(" ", CARD, R.string.problem_no_label),
            Triple("Neutral", CARD, R.string.problem_own_label),
            Triple("freeze card", " \n ", R.string.problem_no_sentences),
            Triple("freeze card", "\u0001", R.string.problem_no_words),
        )) {
            activity.cannotTeach(label, text, problem)
            assertFalse(sideFile("teachable").exists())
        }
        activity.type("x".repeat(200), R.id.label)
        assertEquals(100, activity.text(R.id.label).length)
        assertTrue("100" in ShadowToast.getTextOfLatestToast())
        activity.teach(activity.text(R.id.label), CARD)
        assertFalse(activity.isShown(R.id.teach_problem))
    }

    @Test
    fun `a model that cannot be taught has no place for it`() {
        install("classify")
        val activity = launch().get()
        ready(activity)
        assertFalse(activity.isShown(R.id.teach))
    }

    @Test
    fun `a model is deleted with what is taught to it, and says so before`() {
        install("teachable")
        val session = AskSession(services).apply { start(null) }
        until("it is ready") { session.state.value.status is Status.Ready }
        session.teach("freeze card", CARD)
        until("it is taught") { session.state.value.teachingState?.labels == mapOf("freeze card" to 1L) }
        session.close()
        val activity = launch().get()
        ready(activity)
        activity.onOptionsItemSelected(RoboMenuItem(R.id.delete))
        val dialog = ShadowAlertDialog.getLatestAlertDialog()
        assertEquals(app.getString(R.string.delete_taught_question, "teachable"), dialog.findViewById<TextView>(android.R.id.message).text.toString())
        dialog.getButton(DialogInterface.BUTTON_POSITIVE).performClick()
        until("both are gone") { services.store.list().isEmpty() && !sideFile("teachable").exists() }
        assertNull(sideFile("teachable").parentFile!!.list()!!.firstOrNull())
        until("there is no place for it") { !activity.isShown(R.id.teach) }
    }

    @Test
    @Config(qualifiers = "w320dp-h640dp-port-xhdpi")
    fun `a small phone with large letters holds all words`() = holdsAllWords()

    @Test
    @Config(qualifiers = "w800dp-h1100dp-port-mdpi")
    fun `a tablet with large letters holds all words`() = holdsAllWords()

    @Test
    @Config(qualifiers = "ar-ldrtl-w320dp-h640dp-port-xhdpi")
    fun `a small phone from the right holds all words`() = holdsAllWords()

    /** Everything lies within the screen, no word is cut, what is pressed is 48 dp high, and TalkBack has a name for it. */
    private fun holdsAllWords() {
        RuntimeEnvironment.setFontScale(2f)
        install("teachable")
        val activity = launch().get()
        ready(activity)
        activity.teach("freeze a card that was lost or stolen", CARD)
        activity.cannotTeach("", CARD, R.string.problem_no_label)
        idle(200)
        val panel = activity.findViewById<ViewGroup>(R.id.teach)
        val shown = views(panel).filterIsInstance<TextView>().filter { it.isShown }
        assertEquals(listOf("TextView", "TextView", "EditText", "Button", "TextView", "TextView", "TextView", "TextView", "Button", "Button"), shown.map { it.javaClass.simpleName })
        val least = 48 * app.resources.displayMetrics.density
        for (view in shown) {
            val name = app.resources.getResourceEntryName(view.id.takeIf { it > 0 } ?: R.id.teach)
            val place = IntArray(2).also(view::getLocationInWindow)
            assertTrue(name, place[0] >= 0 && place[0] + view.width <= activity.window.decorView.width)
            val words = requireNotNull(view.layout ?: continue) { name }
            assertTrue("$name is cut", (0 until words.lineCount).all { words.getEllipsisCount(it) == 0 } && words.height <= view.height)
            if (view is Button || view is EditText) {
                assertTrue("$name: ${view.height}", view.height >= least)
                assertTrue(name, view is EditText && !view.hint.isNullOrBlank() || view.text.isNotBlank())
            }
        }
        assertTrue("freeze a card" in activity.findViewById<View>(R.id.forget).contentDescription)
    }

    private fun views(view: View): List<View> =
        listOf(view) + if (view is ViewGroup) (0 until view.childCount).flatMap { views(view.getChildAt(it)) } else emptyList()
}
