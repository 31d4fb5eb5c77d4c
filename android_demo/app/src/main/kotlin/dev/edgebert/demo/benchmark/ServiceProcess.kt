package dev.edgebert.demo.benchmark

import android.content.ComponentName
import android.content.Context
import android.content.Intent
import android.content.ServiceConnection
import android.os.Bundle
import android.os.Handler
import android.os.HandlerThread
import android.os.IBinder
import android.os.Message
import android.os.Messenger
import android.os.RemoteException
import dev.edgebert.demo.BenchmarkException
import java.io.File
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.withTimeoutOrNull
import org.json.JSONObject

/** A [MeasureService] in its own process, bound as long as this is open; texts go there in a file, as messages are small. */
class ServiceProcess(private val context: Context, private val service: Class<out MeasureService>) : MeasuringProcess {
    private val replies = HandlerThread("replies of ${service.simpleName}").apply { start() }
    private val messenger = Messenger(Handler(replies.looper) { take(it) })
    private val connected = CompletableDeferred<Messenger>()
    private var waiting = CompletableDeferred<Bundle>()
    private var bound = false

    private val connection = object : ServiceConnection {
        override fun onServiceConnected(name: ComponentName, binder: IBinder) {
            connected.complete(Messenger(binder))
        }

        override fun onServiceDisconnected(name: ComponentName) = fail(ENDED)

        override fun onBindingDied(name: ComponentName) = fail(ENDED)

        override fun onNullBinding(name: ComponentName) = fail("the measuring process does not answer")
    }

    override suspend fun start(setting: Setting): Started {
        bound = context.bindService(Intent(context, service), connection, Context.BIND_AUTO_CREATE or Context.BIND_IMPORTANT)
        if (!bound) throw BenchmarkException("the measuring process cannot be started")
        val file = File.createTempFile("setting", ".json", context.cacheDir)
        try {
            file.writeText(setting.toJson().toString())
            val data = Bundle().apply { putString(MeasureService.TEXT, file.path) }
            return Started.of(JSONObject(ask(MeasureService.START, data).text()))
        } finally {
            file.delete()
        }
    }

    override suspend fun round(seconds: Double): Samples {
        val reply = ask(MeasureService.ROUND, Bundle().apply { putDouble(MeasureService.SECONDS, seconds) })
        return Samples.of { reply.getFloatArray(it) ?: FloatArray(0) }
    }

    override suspend fun peak(): MemoryState = MemoryState.of(JSONObject(ask(MeasureService.PEAK, Bundle()).text()))

    override fun close() {
        if (bound) context.unbindService(connection)
        bound = false
        replies.quitSafely()
    }

    private suspend fun ask(what: Int, data: Bundle): Bundle {
        val service = withTimeoutOrNull(CONNECT_MILLIS) { connected.await() }
            ?: throw BenchmarkException("the measuring process did not start within ${CONNECT_MILLIS / 1000} s")
        waiting = CompletableDeferred()
        val message = Message.obtain(null, what).also {
            it.data = data
            it.replyTo = messenger
        }
        try {
            service.send(message)
        } catch (error: RemoteException) {
            throw BenchmarkException(ENDED, error)
        }
        return waiting.await()
    }

    private fun take(message: Message): Boolean {
        val problem = message.data.getString(MeasureService.PROBLEM)
        if (problem == null) waiting.complete(message.data) else waiting.completeExceptionally(BenchmarkException(problem))
        return true
    }

    private fun fail(problem: String) {
        connected.completeExceptionally(BenchmarkException(problem))
        waiting.completeExceptionally(BenchmarkException(problem))
    }

    private fun Bundle.text(): String = getString(MeasureService.TEXT).orEmpty()

    companion object {
        /** The services that models are measured in; each has a process of its own. */
        val SLOTS: List<Class<out MeasureService>> =
            listOf(MeasureService.First::class.java, MeasureService.Second::class.java, MeasureService.Third::class.java, MeasureService.Fourth::class.java)

        private const val CONNECT_MILLIS = 20_000L
        private const val ENDED = "the measuring process ended; most likely the device ran out of memory"
    }
}
