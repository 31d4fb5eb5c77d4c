package dev.edgebert

import dev.edgebert.index.direction
import dev.edgebert.modelfile.StoredZip
import dev.edgebert.modelfile.archiveBytes
import org.junit.jupiter.api.Assertions.assertArrayEquals
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir
import java.io.File
import java.nio.ByteBuffer

/** Embedders that want a text before each text, such as "query: ". */
class PromptsTest {
    @TempDir
    lateinit var folder: File

    @Test
    fun `a prompt stands before the text`() = open(PROMPTS, default = "null").use { model ->
        val plain = model.embed("where is my card").value
        assertArrayEquals(model.embed("how: where is my card").value, model.embed("where is my card", prompt = "query").value)
        assertArrayEquals(plain, EdgebertModel.fromFile(File(MADE, "embed.tflite")).use { it.embed("where is my card").value })
    }

    @Test
    fun `the default prompt counts where none is asked for`() = open(PROMPTS, default = "\"passage\"").use { model ->
        assertArrayEquals(model.embed("a card", prompt = "passage").value, model.embed("a card").value)
    }

    @Test
    fun `an unknown prompt is refused`() {
        open(PROMPTS, default = "null").use { model ->
            val error = assertThrows(EdgebertException::class.java) { model.embed("a", prompt = "quest") }
            assertEquals("prompt 'quest' is unknown; accepted: passage, query", error.message)
        }
        EdgebertModel.fromFile(File(MADE, "embed.tflite")).use { model ->
            val error = assertThrows(EdgebertException::class.java) { model.embed("a", prompt = "query") }
            assertEquals("prompt 'query' is unknown; the file has none", error.message)
        }
    }

    @Test
    fun `search puts the prompts of queries and passages before its texts`() = open(PROMPTS, default = "null").use { model ->
        val search = Search.build(model, listOf("the card", "the euro"))
        val expected = direction(model.embed("this: the card").value).dot(model.embed("how: a card").value)
        val hit = search.find("a card").value.single { it.line == 1 }
        assertEquals(expected, hit.score, 1e-5f)
    }

    /** The small embedder with other prompts in its record. */
    private fun open(prompts: String, default: String): EdgebertModel {
        val whole = File(MADE, "embed.tflite").readBytes()
        val zip = StoredZip(ByteBuffer.wrap(whole))
        val files = zip.names.associateWith { name -> zip.content(name, 1L shl 26).let { ByteArray(it.remaining()).also(it::get) } }
        val record = files.getValue("edgebert.json").decodeToString()
        val changed = record.replace("\"prompts\":{}", "\"prompts\":$prompts")
            .replace("\"default_prompt\":null", "\"default_prompt\":$default")
            .replace("\"format\":1", "\"format\":3")
        check(changed != record)
        val all = (files + ("edgebert.json" to changed.toByteArray())).mapValues { ByteBuffer.wrap(it.value) }
        val archive = archiveBytes(all, zip.start)
        val file = File(folder, "prompts.tflite")
        file.writeBytes(whole.copyOf(zip.start) + archive.array().copyOf(archive.limit()))
        return EdgebertModel.fromFile(file)
    }

    private companion object {
        const val PROMPTS = """{"query":"how: ","passage":"this: "}"""
    }
}
