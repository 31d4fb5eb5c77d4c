package dev.edgebert.demo.benchmark

import java.io.File
import org.junit.Assert.assertEquals
import org.junit.Assert.assertNull
import org.junit.Assert.assertTrue
import org.junit.Rule
import org.junit.Test
import org.junit.rules.TemporaryFolder

class LinuxTest {
    @get:Rule val folder = TemporaryFolder()

    private fun put(path: String, content: String) =
        File(folder.root, path).apply { parentFile?.mkdirs() }.writeText(content)

    @Test
    fun `parts of memory add up`() {
        put(
            "proc/self/smaps_rollup",
            "00400000-7ffd0000 ---p 00000000 00:00 0 [rollup]\nRss: 1000 kB\nShared_Clean: 200 kB\nShared_Dirty: 50 kB\n" +
                "Private_Clean: 300 kB\nPrivate_Dirty: 450 kB\nAnonymous: 400 kB\n",
        )
        val state = Memory(LinuxFiles(folder.root)).now()
        assertEquals(MemoryState(400L shl 10, 250L shl 10, 350L shl 10, 1000L shl 10), state)
    }

    @Test
    fun `the memory of this process is told`() {
        val state = Memory(LinuxFiles()).now()
        assertTrue(state.toString(), (state.resident ?: 0) > 1 shl 20)
        assertEquals(state.resident, listOf(state.private, state.shared, state.mapped).sumOf { it ?: 0 })
        assertTrue(Memory(LinuxFiles()).peak().resident!! >= state.resident!!)
    }

    @Test
    fun `only mappings of the model count as the model`() {
        put(
            "proc/self/smaps",
            "7f00-7f10 r--s 00000000 fe:01 12 /data/user/0/app/files/models/x.tflite\nSize: 64 kB\nRss: 48 kB\n" +
                "7f10-7f20 r-xp 00000000 fe:01 13 /system/lib64/libc.so\nRss: 16 kB\n",
        )
        assertEquals(48L shl 10, Memory(LinuxFiles(folder.root)).mapped("x.tflite"))
    }

    @Test
    fun `what cannot be read is unknown`() {
        val linux = LinuxFiles(folder.root)
        assertEquals(MemoryState(), Memory(linux).now())
        assertNull(Memory(linux).mapped("x"))
        val processor = Processor(linux)
        assertNull(processor.features())
        assertNull(processor.clockMhz())
        assertNull(processor.governor())
        assertEquals(emptyList<Core>(), processor.cores())
    }

    @Test
    fun `cores fall into clusters by their highest clock`() {
        put("proc/cpuinfo", "processor\t: 0\nFeatures\t: fp asimd asimdhp asimddp i8mm\nHardware\t: Tensor G3\n")
        mapOf(0 to 1_700_000, 1 to 1_700_000, 2 to 2_900_000).forEach { (core, khz) ->
            put("sys/devices/system/cpu/cpu$core/cpufreq/cpuinfo_max_freq", "$khz\n")
            put("sys/devices/system/cpu/cpu$core/cpufreq/scaling_cur_freq", "${khz / 2}\n")
            put("sys/devices/system/cpu/cpu$core/cpufreq/scaling_governor", "schedutil\n")
        }
        put("sys/devices/system/cpu/cpufreq/policy0/x", "")
        val processor = Processor(LinuxFiles(folder.root))
        assertEquals(listOf("dotprod", "i8mm", "fp16"), processor.features())
        assertEquals("Tensor G3", processor.name())
        assertEquals(listOf(0 to 1700.0, 0 to 1700.0, 1 to 2900.0), processor.cores().map { it.cluster to it.maxMhz })
        assertEquals(1050.0, processor.clockMhz()!!, 0.01)
        assertEquals("schedutil", processor.governor())
    }
}
