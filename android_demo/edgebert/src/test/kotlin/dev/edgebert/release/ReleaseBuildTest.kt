package dev.edgebert.release

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir
import java.io.File
import java.util.jar.JarEntry
import java.util.jar.JarOutputStream
import java.util.zip.ZipFile

/** The library in a release build: shrunk and obfuscated by R8 with the rules that it hands to apps, then run. */
class ReleaseBuildTest {
    @TempDir
    lateinit var folder: File

    private val classPath = System.getProperty("java.class.path").split(File.pathSeparator).map(::File)

    /** What an app does not shrink: here the native runtime, whose own code looks classes up by name. */
    private val asItIs = classPath.filter { "bytedeco" in it.path }

    @Test
    fun `an obfuscated app gives the golden vectors and the answers of one that is not`() {
        val release = File(folder, "release.jar")
        shrink(release)
        val classes = ZipFile(release).use { zip -> zip.entries().asSequence().map { it.name }.toList() }
        assertFalse(classes.any { it.startsWith("dev/edgebert/tokenizer/") }) { "not obfuscated: $classes" }
        val expected = run(classPath, MAIN)
        val found = run(asItIs + release, MAIN)
        assertEquals(expected, found)
        assertTrue(Regex("golden vectors: [0-9]{4,}, failures: 0\n") in found) { found }
        println("release build, ${release.length()} bytes: ${found.trim().lines().joinToString()}")
    }

    private fun shrink(release: File) {
        val rules = File(folder, "app.pro").apply { writeText(RULES) }
        val program = classPath.filter { file -> file.name == "classes" || PROGRAM.any { file.name.startsWith(it) } }
        run(
            classPath.filter { it.name.startsWith("r8-") },
            "com.android.tools.r8.R8",
            *arrayOf("--release", "--classfile", "--output", release.path),
            *arrayOf("--lib", System.getProperty("java.home")),
            *asItIs.flatMap { listOf("--classpath", it.path) }.toTypedArray(),
            *arrayOf("--pg-conf", "consumer-rules.pro", "--pg-conf", rules.path),
            *program.map { jar(it).path }.toTypedArray(),
            jar(classPath.single { it.name == "test-classes" }, APP::matches).path,
        )
    }

    /** A folder of classes as R8 takes it. */
    private fun jar(source: File, wanted: (String) -> Boolean = { true }): File {
        if (source.isFile) return source
        val target = File.createTempFile("classes", ".jar", folder)
        JarOutputStream(target.outputStream()).use { jar ->
            for (file in source.walk().filter { it.isFile }) {
                val name = file.relativeTo(source).invariantSeparatorsPath
                if (!wanted(name)) continue
                jar.putNextEntry(JarEntry(name))
                jar.write(file.readBytes())
            }
        }
        return target
    }

    /** What a program prints. */
    private fun run(classPath: List<File>, main: String, vararg arguments: String): String {
        val java = File(System.getProperty("java.home"), "bin/java").path
        val data = System.getProperty("edgebert.testData")?.let { listOf("-Dedgebert.testData=$it") }.orEmpty()
        val path = classPath.joinToString(File.pathSeparator)
        val (output, errors) = listOf("output", "errors").map { File.createTempFile(it, ".txt", folder) }
        val process = ProcessBuilder(listOf(java, "-Xmx1g") + data + listOf("-cp", path, main) + arguments)
            .redirectOutput(output)
            .redirectError(errors)
            .start()
        assertEquals(0, process.waitFor()) { errors.readText() }
        return output.readText()
    }

    private companion object {
        const val MAIN = "dev.edgebert.release.ReleaseAppKt"

        /** Jars of the app beside the folders `classes`, which Maven names after their project once they are packaged. */
        val PROGRAM = listOf("tensorflow-lite-classes", "edgebert-desktop", "kotlin-stdlib", "kotlinx-coroutines", "annotations")
        val APP = Regex("dev/edgebert/(release/ReleaseApp|tokenizer/GoldenTokens|TestData)(Kt)?(\\$.*)?\\.class")

        /** An app's own rules, as hard on names as they can be. */
        val RULES = """
            -keep class $MAIN { public static void main(java.lang.String[]); }
            -repackageclasses
            -allowaccessmodification
            -adaptresourcefilenames
            -dontwarn **
        """.trimIndent()
    }
}
