package dev.edgebert.demo

import android.app.Activity
import android.content.Intent
import android.os.Bundle
import android.view.Menu
import android.view.MenuItem
import android.view.WindowManager
import android.widget.ArrayAdapter
import android.widget.Button
import android.widget.ProgressBar
import android.widget.Spinner
import android.widget.TextView
import dev.edgebert.demo.benchmark.BenchmarkSession
import dev.edgebert.demo.benchmark.BenchmarkState
import dev.edgebert.demo.benchmark.DeviceResult
import dev.edgebert.demo.benchmark.ReportProvider
import java.io.File
import java.time.Instant
import java.time.temporal.ChronoUnit
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.MainScope
import kotlinx.coroutines.cancel
import kotlinx.coroutines.launch
import kotlinx.coroutines.withContext

/** The benchmark screen; with the extras `job` and `id` it does what a computer asks over adb, see docs/android_protocol.md. */
class BenchmarkActivity : Activity() {
    private lateinit var session: BenchmarkSession
    private lateinit var models: Spinner
    private lateinit var threads: Spinner
    private lateinit var rows: Rows
    private var scope: CoroutineScope? = null

    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        setContentView(R.layout.activity_benchmark)
        setActionBar(findViewById(R.id.toolbar))
        actionBar?.setDisplayHomeAsUpEnabled(true)
        keepClearOfBars(findViewById(R.id.root))
        window.addFlags(WindowManager.LayoutParams.FLAG_KEEP_SCREEN_ON)
        val kept = lastNonConfigurationInstance as BenchmarkSession?
        session = kept ?: BenchmarkSession(DemoApp.services(this)).apply { if (savedInstanceState == null) startJob(this) }
        models = findViewById(R.id.models)
        threads = findViewById<Spinner>(R.id.threads).apply { adapter = choices(THREADS.map { resources.getQuantityString(R.plurals.threads, it, it) }) }
        rows = Rows(findViewById(R.id.rows))
        findViewById<Button>(R.id.run).setOnClickListener { runOrStop() }
    }

    override fun onStart() {
        super.onStart()
        scope = MainScope().apply { launch { session.state.collect(::show) } }
    }

    override fun onStop() {
        scope?.cancel()
        super.onStop()
    }

    override fun onDestroy() {
        if (!isChangingConfigurations) session.close()
        super.onDestroy()
    }

    @Deprecated("The framework's own way; its replacement is a library")
    override fun onRetainNonConfigurationInstance(): Any = session

    override fun onCreateOptionsMenu(menu: Menu): Boolean {
        menuInflater.inflate(R.menu.benchmark, menu)
        return true
    }

    override fun onPrepareOptionsMenu(menu: Menu): Boolean {
        menu.findItem(R.id.share).isEnabled = session.state.value is BenchmarkState.Done
        return true
    }

    override fun onOptionsItemSelected(item: MenuItem): Boolean {
        when (item.itemId) {
            android.R.id.home -> finish()
            R.id.share -> (session.state.value as? BenchmarkState.Done)?.let { done -> scope?.launch { share(done.result) } }
            else -> return super.onOptionsItemSelected(item)
        }
        return true
    }

    private fun startJob(session: BenchmarkSession) {
        val job = intent.getStringExtra("job") ?: return
        // The shared storage may be gone, such as a card that was taken out.
        val folder = getExternalFilesDir("benchmark") ?: filesDir
        session.start(File(job), intent.getStringExtra("id").orEmpty(), folder)
    }

    private fun runOrStop() {
        if (session.state.value is BenchmarkState.Running) return session.stop()
        val model = session.models.getOrNull(models.selectedItemPosition) ?: return
        session.start(model, THREADS[threads.selectedItemPosition])
    }

    private fun show(state: BenchmarkState) {
        val names = session.models.map { it.name }
        if (models.adapter?.count != names.size) models.adapter = choices(names)
        val running = state as? BenchmarkState.Running
        findViewById<Button>(R.id.run).apply {
            setText(if (running == null) R.string.run else R.string.stop)
            isEnabled = session.models.isNotEmpty() || running != null
        }
        findViewById<ProgressBar>(R.id.progress).apply {
            visibility = visibleIf(running != null)
            max = running?.progress?.total ?: 1
            progress = running?.progress?.done ?: 0
        }
        val note = noteOf(state)
        findViewById<TextView>(R.id.note).apply {
            text = note
            visibility = visibleIf(note.isNotEmpty())
        }
        rows.show((state as? BenchmarkState.Done)?.let { BenchmarkRows(this).of(it.result, DemoApp.services(this).device) }.orEmpty())
        invalidateOptionsMenu()
    }

    private fun noteOf(state: BenchmarkState): String = when (state) {
        is BenchmarkState.Running -> state.progress.what
        is BenchmarkState.Failed -> state.problem.text(this)
        is BenchmarkState.Done -> ""
        BenchmarkState.Loading -> ""
        BenchmarkState.Idle -> getString(if (session.models.isEmpty()) R.string.no_model else R.string.benchmark_idle)
    }

    private suspend fun share(result: DeviceResult) {
        val now = Instant.now().truncatedTo(ChronoUnit.SECONDS).toString()
        val version = packageManager.getPackageInfo(packageName, 0).versionName.orEmpty()
        val name = "edgebert-${now.replace(':', '-')}.json"
        val address = withContext(Dispatchers.IO) {
            ReportProvider.keep(this@BenchmarkActivity, name, result.toReport(now, version).toString())
        }
        val send = Intent(Intent.ACTION_SEND)
            .setType(ReportProvider.TYPE)
            .putExtra(Intent.EXTRA_STREAM, address)
            .putExtra(Intent.EXTRA_SUBJECT, name)
            .addFlags(Intent.FLAG_GRANT_READ_URI_PERMISSION)
        startActivity(Intent.createChooser(send, getString(R.string.share)))
    }

    private fun choices(names: List<String>) =
        ArrayAdapter(this, R.layout.model, names).apply { setDropDownViewResource(android.R.layout.simple_spinner_dropdown_item) }

    private companion object {
        val THREADS = listOf(1, 2, 4)
    }
}
