package dev.edgebert.demo.benchmark

import android.content.ComponentName
import android.content.Intent
import android.net.Uri
import android.os.Looper
import android.widget.Button
import com.fasterxml.jackson.databind.JsonNode
import com.fasterxml.jackson.databind.ObjectMapper
import com.networknt.schema.JsonSchemaFactory
import com.networknt.schema.SpecVersion
import dev.edgebert.EdgebertModel
import dev.edgebert.demo.AppTest
import dev.edgebert.demo.BenchmarkActivity
import dev.edgebert.demo.BenchmarkException
import dev.edgebert.demo.R
import dev.edgebert.demo.TestFiles
import dev.edgebert.demo.models.AssetModel
import dev.edgebert.demo.models.FileModel
import java.io.File
import java.security.MessageDigest
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.runBlocking
import org.json.JSONObject
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertThrows
import org.junit.Assert.assertTrue
import org.junit.Test
import org.robolectric.Robolectric
import org.robolectric.Shadows.shadowOf
import org.robolectric.android.controller.ActivityController
import org.robolectric.fakes.RoboMenuItem

private const val ID = "0123456789abcdef0123456789abcdef"

class BenchmarkTest : AppTest() {
    private val schema = File(TestFiles.repository, "edgebert/benchmarking/report.schema.json").readText()

    /** A job as `edgebert benchmark --device adb` sends it, with its files where they have to be. */
    private fun job(vararg models: String, change: JSONObject.() -> Unit = {}): File {
        val value = json(
            "models" to jsonList(models.map { name ->
                val file = TestFiles.model(name).copyTo(File(services.jobFolder, "$name.tflite"), overwrite = true)
                json("path" to file.path, "sha256" to sha256(file), "name" to name)
            }),
            "engines" to jsonList(listOf("auto")),
            "threads" to jsonList(listOf(1)),
            "lengths" to jsonList(emptyList<Int>()),
            "texts" to null,
            "rounds" to 3,
            "min_seconds" to 0.5,
            "cores" to null,
            "data" to null,
            "format" to 1,
        ).apply(change)
        return File(services.jobFolder, "$ID.json").apply { writeText(value.toString()) }
    }

    private fun start(job: File, id: String = ID): ActivityController<BenchmarkActivity> {
        val intent = Intent(app, BenchmarkActivity::class.java).putExtra("job", job.path).putExtra("id", id)
        return Robolectric.buildActivity(BenchmarkActivity::class.java, intent).setup()
    }

    /** The events of a job, once the last is there. */
    private fun events(job: File): List<JsonNode> {
        start(job)
        val file = File(app.getExternalFilesDir("benchmark"), "$ID/events.jsonl")
        // The last line may still be growing.
        fun whole() = if (file.exists()) file.readText().substringBeforeLast('\n', "") else ""
        fun lines() = whole().lines().filter { it.isNotEmpty() }.map { ObjectMapper().readTree(it) }
        until("the last event is there") { lines().lastOrNull()?.get("event")?.asText() in listOf("result", "error") }
        return lines()
    }

    private fun problems(value: JsonNode, definition: String?): List<String> {
        val tree = ObjectMapper().readTree(schema)
        val wanted = if (definition == null) tree else ObjectMapper().createObjectNode().apply {
            put("\$ref", "#/\$defs/$definition")
            set<JsonNode>("\$defs", tree["\$defs"])
        }
        return JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012).getSchema(wanted).validate(value).map { it.message }
    }

    @Test
    fun `a job over adb gives progress and then a result that fits the schema`() {
        val texts = File(services.jobFolder, "few.txt").apply { writeText(services.questions().take(4).joinToString("\n") { "$it\tYour card is in the post." }) }
        val job = job("classify", "classify-float32", "embed", "answer", "tag") {
            put("lengths", jsonList(listOf(16)))
            put("texts", texts.path)
            put("cores", "big")
            put("data", "labels.tsv")
        }
        val events = events(job)
        File(TestFiles.output, "events.jsonl").writeText(events.joinToString("") { "$it\n" })
        assertEquals(events.last().toString().take(300), "result", events.last()["event"].asText())
        assertEquals(setOf("progress"), events.dropLast(1).map { it["event"].asText() }.toSet())
        val result = events.last()["result"]
        assertEquals(emptyList<String>(), problems(result, "DeviceResult"))
        assertEquals(5 * 2, result["runs"].size())
        for (run in result["runs"]) {
            val parts = Samples.PARTS.associateWith { part -> run["samples_us"][part].map { it.asDouble() } }
            assertEquals(setOf(parts.getValue("total").size), parts.values.map { it.size }.toSet())
            parts.getValue("total").forEachIndexed { at, total ->
                assertEquals(total, Samples.PARTS.dropLast(1).sumOf { parts.getValue(it)[at] }, 0.05)
            }
            assertEquals(3, run["rounds"].size())
            assertEquals(2, run["notes"].size())
            assertTrue(run["stats"]["p50"].asDouble() > 0)
        }
        // Four processes take turns, the fifth model follows alone: six pairs a stage.
        assertEquals(2 * 6, result["ratios"].size())
    }

    @Test
    fun `float32 figures are those of the float32 file`() {
        val result = events(job("classify", "classify-float32")).last()["result"]
        assertEquals(listOf("int8", "float32"), result["runs"].map { it["model"]["quantization"].asText() })
        assertEquals(TestFiles.model("classify").length(), result["runs"][0]["model"]["bytes"].asLong())
    }

    @Test
    fun `what is wrong with a job is one line`() {
        val cases = listOf<Pair<String, JSONObject.() -> Unit>>(
            "format 2; this app takes 1" to { put("format", 2) },
            "engines tflite-runtime" to { put("engines", jsonList(listOf("tflite-runtime"))) },
            "threads 0" to { put("threads", jsonList(listOf(0))) },
            "rounds 0" to { put("rounds", 0) },
            "min_seconds -1" to { put("min_seconds", -1) },
            "no model" to { put("models", jsonList(emptyList<Any>())) },
            "lengths" to { remove("lengths") },
            "length 4: " to { put("lengths", jsonList(listOf(4))) },
            "not in " to { put("texts", "/etc/hostname") },
            "not the one that was sent" to { getJSONArray("models").getJSONObject(0).put("sha256", "0".repeat(64)) },
            "cannot be read" to { put("texts", File(services.jobFolder, "none.txt").path) },
        )
        for ((message, change) in cases) {
            File(app.getExternalFilesDir("benchmark"), ID).deleteRecursively()
            val last = events(job("classify", change = change)).last()
            assertEquals(message, "error", last["event"].asText())
            assertTrue(last.toString(), message in last["message"].asText())
        }
    }

    @Test
    fun `a job from elsewhere is refused`() {
        val elsewhere = File(app.cacheDir, "job.json").apply { writeText(job("classify").readText()) }
        assertTrue("not in" in events(elsewhere).last()["message"].asText())
    }

    @Test
    fun `an id that is a path writes nothing`() {
        val activity = start(job("classify"), "../../${"0".repeat(26)}").get()
        until("a problem is shown") { app.getString(R.string.problem_benchmark) == activity.text(R.id.note) }
        assertEquals(0, app.getExternalFilesDir("benchmark")!!.list()!!.size)
    }

    @Test
    fun `texts of a file are what is measured`() {
        val texts = File(services.jobFolder, "mine.txt").apply { writeText("first text\n\nsecond text\tits pair\n") }
        val result = events(job("classify") { put("texts", texts.path) }).last()["result"]
        assertEquals("""{"kind":"texts","name":"mine","count":2,"tokens":null}""", result["runs"][0]["input"].toString())
        for (round in result["runs"][0]["rounds"]) assertEquals(0, round["count"].asInt() % 2)
    }

    @Test
    fun `the screen shows latency, memory and device, and shares a report`() {
        install("classify")
        val controller = Robolectric.buildActivity(BenchmarkActivity::class.java).setup()
        until("the models are there") { controller.get().findViewById<Button>(R.id.run).isEnabled }
        controller.get().findViewById<Button>(R.id.run).performClick()
        until("it runs") { controller.get().isShown(R.id.progress) }
        controller.recreate()
        until("rows are shown") { controller.get().rows().isNotEmpty() }
        val activity = controller.get()
        val titles = activity.rows().map { it.first }
        for (wanted in listOf("p50", "p90", "p99", "Tokenise, median", "Infer, median", "Thermal status", "Device", "System")) {
            assertTrue("$wanted in $titles", wanted in titles)
        }
        activity.onOptionsItemSelected(RoboMenuItem(R.id.share))
        until("it is shared") { shadowOf(activity).peekNextStartedActivity() != null }
        @Suppress("DEPRECATION")
        val sent = shadowOf(activity).nextStartedActivity.getParcelableExtra<Intent>(Intent.EXTRA_INTENT)!!
        @Suppress("DEPRECATION")
        val address = sent.getParcelableExtra<Uri>(Intent.EXTRA_STREAM)!!
        val report = activity.contentResolver.openInputStream(address)!!.use { ObjectMapper().readTree(it) }
        assertEquals(emptyList<String>(), problems(report, null))
        File(TestFiles.output, "report.json").writeText(report.toString())
    }

    @Test
    fun `running out of memory is a message`() {
        install("classify")
        services.isOutOfMemory = true
        val activity = Robolectric.buildActivity(BenchmarkActivity::class.java).setup().get()
        until("the models are there") { activity.findViewById<Button>(R.id.run).isEnabled }
        activity.findViewById<Button>(R.id.run).performClick()
        until("a problem is shown") { app.getString(R.string.problem_memory) == activity.text(R.id.note) }
    }

    @Test
    fun `no model is a message`() {
        val activity = Robolectric.buildActivity(BenchmarkActivity::class.java).setup().get()
        until("it is told") { activity.text(R.id.note) == app.getString(R.string.no_model) }
        assertFalse(activity.findViewById<Button>(R.id.run).isEnabled)
    }

    @Test
    fun `texts have exactly the length that is asked for`() {
        val words = Length.words(services.questions())
        for (name in listOf("classify", "answer", "fill-mask")) {
            EdgebertModel.fromFile(TestFiles.model(name)).use { model ->
                for (tokens in listOf(8, 16, model.maxLength)) {
                    val (text, pair) = Length(tokens, words).of(model).single()
                    assertEquals(tokens, model.tokenizer.encode(text, pair, maskTokens = true).ids.size)
                }
                assertThrows(BenchmarkException::class.java) { Length(model.maxLength + 1, words).of(model) }
            }
        }
    }

    @Test
    fun `settings survive the way to another process`() {
        val given = listOf(Texts.shipped(services.questions()), Length(16, Length.words(services.questions())))
        for (each in given) {
            val setting = Setting(AssetModel("models/x.tflite").id, 2, each)
            val there = Setting.of(JSONObject(setting.toJson().toString()), services::questions)
            assertEquals(setting.toJson().toString(), there.toJson().toString())
            assertEquals(each.toJson().toString(), there.given.toJson().toString())
        }
    }

    @Test
    fun `a service measures by messages`() {
        val service = Robolectric.buildService(MeasureService.First::class.java).create().get()
        val name = ComponentName(app, MeasureService.First::class.java)
        shadowOf(app).setComponentNameAndServiceForBindService(name, service.onBind(Intent()))
        ServiceProcess(app, MeasureService.First::class.java).use { process ->
            val setting = Setting(FileModel(TestFiles.model("classify")).id, 1, Texts.shipped(services.questions()))
            val started = await { process.start(setting) }
            assertTrue(started.firstMs > 0)
            assertEquals(100, await { process.round(0.0) }.size)
            assertTrue(await { process.peak() }.resident!! > 0)
            val missing = setting.copy(model = FileModel(File("/nowhere.tflite")).id)
            val error = assertThrows(BenchmarkException::class.java) { await { process.start(missing) } }
            assertTrue(error.message!!, "nowhere" in error.message!!)
        }
    }

    /** What another thread finds while this one lets the main thread work. */
    private fun <T> await(find: suspend () -> T): T {
        val found = CoroutineScope(Dispatchers.Default).async { runCatching { find() } }
        until("it answers") { found.isCompleted }
        shadowOf(Looper.getMainLooper()).idle()
        return runBlocking { found.await() }.getOrThrow()
    }

    private fun sha256(file: File): String =
        MessageDigest.getInstance("SHA-256").digest(file.readBytes()).joinToString("") { "%02x".format(it) }
}
