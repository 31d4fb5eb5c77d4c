package dev.edgebert.demo.benchmark

import android.app.Service
import android.content.Intent
import android.os.Bundle
import android.os.Handler
import android.os.HandlerThread
import android.os.IBinder
import android.os.Message
import android.os.Messenger
import android.os.Process
import android.os.RemoteException
import dev.edgebert.EdgebertException
import dev.edgebert.demo.AppException
import dev.edgebert.demo.BenchmarkException
import dev.edgebert.demo.DemoApp
import java.io.File
import org.json.JSONObject

/** Measures one model in a process that holds nothing else; each subclass has a process in the manifest. */
abstract class MeasureService : Service() {
    class First : MeasureService()

    class Second : MeasureService()

    class Third : MeasureService()

    class Fourth : MeasureService()

    private val thread = HandlerThread("measuring").apply { start() }
    private val messenger = Messenger(Handler(thread.looper) { take(it) })
    private var worker: Worker? = null

    override fun onBind(intent: Intent): IBinder = messenger.binder

    override fun onDestroy() {
        Handler(thread.looper).post {
            worker?.close()
            // The next model finds a fresh process.
            Process.killProcess(Process.myPid())
        }
        thread.quitSafely()
        super.onDestroy()
    }

    private fun take(message: Message): Boolean {
        val reply = Message.obtain(null, message.what)
        reply.data = try {
            answer(message)
        } catch (error: EdgebertException) {
            problem(error.message)
        } catch (error: AppException) {
            problem(error.message)
        } catch (error: OutOfMemoryError) {
            problem("not enough memory to measure this model: ${error.message}")
        } catch (error: Exception) {
            problem("measuring failed: $error")
        }
        try {
            message.replyTo.send(reply)
        } catch (_: RemoteException) {
            stopSelf()
        }
        return true
    }

    private fun answer(message: Message): Bundle = when (message.what) {
        START -> {
            val services = DemoApp.services(this)
            val setting = JSONObject(File(message.data.getString(TEXT).orEmpty()).readText())
            val started = Worker(services, Setting.of(setting, services::questions)).also { worker = it }.started
            text(started.toJson())
        }
        ROUND -> Bundle().apply { measuring().round(message.data.getDouble(SECONDS)).toArrays().forEach(::putFloatArray) }
        PEAK -> text(measuring().peak().toJson())
        else -> problem("the measuring process does not know message ${message.what}")
    }

    private fun measuring() = worker ?: throw BenchmarkException("the measuring process has no model yet")

    private fun text(value: JSONObject) = Bundle().apply { putString(TEXT, value.toString()) }

    private fun problem(line: String?) = Bundle().apply { putString(PROBLEM, line.orEmpty()) }

    internal companion object {
        const val START = 1
        const val ROUND = 2
        const val PEAK = 3

        const val TEXT = "text"
        const val SECONDS = "seconds"
        const val PROBLEM = "problem"
    }
}
