package dev.edgebert.demo.benchmark

import android.app.ActivityManager
import android.content.Context
import android.content.Intent
import android.content.IntentFilter
import android.os.BatteryManager
import android.os.Build
import android.os.PowerManager

/** The device that a benchmark runs on. */
interface Device {
    fun state(): Facts.State

    /** `PowerManager.THERMAL_STATUS_…`; null where the device does not tell. */
    fun thermalStatus(): Int?

    /** Watts that flow out of the battery; null where it is charged, or does not tell. */
    fun watts(): Double?

    fun facts(before: Facts.State, throttled: Boolean?, engines: Map<String, String>): Facts
}

/** Whether a thermal status means that clocks are held down. */
fun isThrottled(thermalStatus: Int?): Boolean? = thermalStatus?.let { it >= PowerManager.THERMAL_STATUS_MODERATE }

/** This phone. */
class AndroidDevice(private val context: Context, linux: LinuxFiles = LinuxFiles()) : Device {
    private val processor = Processor(linux)

    override fun state(): Facts.State =
        Facts.State(processor.clockMhz(), battery()?.extra(BatteryManager.EXTRA_TEMPERATURE)?.let { it / 10.0 })

    override fun thermalStatus(): Int? =
        if (Build.VERSION.SDK_INT >= 29) context.getSystemService(PowerManager::class.java).currentThermalStatus else null

    override fun watts(): Double? {
        val manager = context.getSystemService(BatteryManager::class.java)
        val microamperes = manager.getIntProperty(BatteryManager.BATTERY_PROPERTY_CURRENT_NOW)
        val millivolts = battery()?.extra(BatteryManager.EXTRA_VOLTAGE)
        // Vendors disagree about the sign, so only a phone on its battery is asked.
        if (manager.isCharging || millivolts == null || microamperes == 0 || microamperes == Int.MIN_VALUE) return null
        return Math.abs(microamperes.toLong()) * 1e-6 * millivolts * 1e-3
    }

    override fun facts(before: Facts.State, throttled: Boolean?, engines: Map<String, String>): Facts = Facts(
        board = "${Build.MANUFACTURER} ${Build.MODEL}",
        cpu = soc() ?: processor.name(),
        features = processor.features(),
        cores = processor.cores(),
        governor = processor.governor(),
        before = before,
        after = state(),
        throttled = throttled,
        memoryBytes = ActivityManager.MemoryInfo().also(context.getSystemService(ActivityManager::class.java)::getMemoryInfo).totalMem,
        os = "Android ${Build.VERSION.RELEASE} (API ${Build.VERSION.SDK_INT})",
        engines = engines,
        power = if (context.getSystemService(BatteryManager::class.java).isCharging) "mains" else "battery",
    )

    private fun soc(): String? =
        if (Build.VERSION.SDK_INT >= 31 && Build.SOC_MODEL != Build.UNKNOWN) "${Build.SOC_MANUFACTURER} ${Build.SOC_MODEL}" else null

    private fun battery(): Intent? = context.registerReceiver(null, IntentFilter(Intent.ACTION_BATTERY_CHANGED))

    private fun Intent.extra(name: String): Int? = getIntExtra(name, -1).takeIf { it > 0 }
}
