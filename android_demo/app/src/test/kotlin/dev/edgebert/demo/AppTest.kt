package dev.edgebert.demo

import android.app.Activity
import android.os.Looper
import android.view.View
import android.view.ViewGroup
import android.widget.EditText
import android.widget.TextView
import dev.edgebert.EdgebertModel
import dev.edgebert.Options
import dev.edgebert.demo.benchmark.Device
import dev.edgebert.demo.benchmark.LinuxFiles
import dev.edgebert.demo.benchmark.MeasuringProcess
import dev.edgebert.demo.benchmark.Memory
import dev.edgebert.demo.benchmark.MemoryState
import dev.edgebert.demo.benchmark.Samples
import dev.edgebert.demo.benchmark.Setting
import dev.edgebert.demo.benchmark.Started
import dev.edgebert.demo.benchmark.Worker
import dev.edgebert.demo.models.ModelSource
import java.io.File
import java.time.Duration
import java.util.concurrent.CopyOnWriteArrayList
import org.junit.Assert.fail
import org.junit.Before
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf
import org.robolectric.android.controller.ActivityController
import org.robolectric.annotation.Config
import org.robolectric.annotation.GraphicsMode

/** Long: what is waited for may share its machine with much else. */
private const val TIMEOUT_SECONDS = 300L

/** What tests of the app share: the app with models of their own, and waiting for what other threads do. */
@RunWith(RobolectricTestRunner::class)
@Config(sdk = [35])
@GraphicsMode(GraphicsMode.Mode.NATIVE)
abstract class AppTest {
    protected val app: DemoApp get() = RuntimeEnvironment.getApplication() as DemoApp
    protected val services: TestServices get() = app.services as TestServices

    @Before
    fun useTestServices() {
        app.services = TestServices(app)
    }

    protected fun launch(): ActivityController<MainActivity> = Robolectric.buildActivity(MainActivity::class.java).setup()

    protected fun MainActivity.type(text: String, into: Int = R.id.text) = findViewById<EditText>(into).setText(text)

    protected fun ready(activity: MainActivity) = until("the model is ready") { activity.text(R.id.facts).isNotEmpty() }

    /** Puts models where those lie that the user picked. */
    protected fun install(vararg names: String) = names.forEach { install(it, TestFiles.model(it).readBytes()) }

    protected fun install(name: String, content: ByteArray) {
        File(app.filesDir, "models/$name.tflite").apply {
            parentFile?.mkdirs()
            writeBytes(content)
        }
    }

    /** Lets the main thread work until something holds. */
    protected fun until(what: String, holds: () -> Boolean) {
        val end = System.nanoTime() + Duration.ofSeconds(TIMEOUT_SECONDS).toNanos()
        while (!holds()) {
            if (System.nanoTime() > end) fail("never: $what")
            idle(20)
            Thread.sleep(2)
        }
    }

    protected fun idle(millis: Long) = shadowOf(Looper.getMainLooper()).idleFor(Duration.ofMillis(millis))

    protected fun Activity.text(id: Int): String = findViewById<TextView>(id).text.toString()

    protected fun Activity.isShown(id: Int): Boolean = findViewById<View>(id).visibility == View.VISIBLE

    /** Title and detail of each row. */
    protected fun Activity.rows(): List<Pair<String, String>> {
        val list = findViewById<ViewGroup>(R.id.rows)
        return List(list.childCount) { at ->
            val row = list.getChildAt(at)
            row.findViewById<TextView>(R.id.title).text.toString() to row.findViewById<TextView>(R.id.detail).text.toString()
        }
    }
}

/** The app's parts, with measuring in this process, and memory that may run out. */
class TestServices(app: DemoApp) : Services(app) {
    /** What was opened, in that order; also closed ones. */
    val models: MutableList<EdgebertModel> = CopyOnWriteArrayList()
    val opened: Int get() = models.size
    var isOutOfMemory = false

    override var device: Device = super.device

    override val jobFolder: File = File(app.cacheDir, "jobs").apply { mkdirs() }

    var questionCount = 100

    override fun questions(): List<String> = super.questions().take(questionCount)

    override fun load(source: ModelSource, options: Options): EdgebertModel {
        if (isOutOfMemory) throw OutOfMemoryError("Failed to allocate")
        return super.load(source, options).also(models::add)
    }

    override fun process(slot: Int): MeasuringProcess = object : MeasuringProcess {
        private lateinit var worker: Worker

        override suspend fun start(setting: Setting): Started = Worker(this@TestServices, setting).also { worker = it }.started

        override suspend fun round(seconds: Double): Samples = worker.round(seconds)

        override suspend fun peak(): MemoryState = Memory(LinuxFiles()).peak()

        override fun close() = worker.close()
    }
}
