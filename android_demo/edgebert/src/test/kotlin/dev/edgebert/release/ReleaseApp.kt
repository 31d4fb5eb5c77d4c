package dev.edgebert.release

import dev.edgebert.EdgebertException
import dev.edgebert.EdgebertModel
import dev.edgebert.LongText
import dev.edgebert.MADE
import dev.edgebert.Search
import dev.edgebert.ask
import dev.edgebert.tokenizer.GoldenTokens
import kotlinx.coroutines.runBlocking
import java.io.File

/**
 * An app as R8 gets it: it is shrunk and obfuscated together with the library, and what it prints is looked at.
 *
 * No class of JUnit's here: they would be shrunk, too.
 */
fun main() {
    val golden = GoldenTokens()
    println("golden vectors: ${golden.cases.size}, failures: ${golden.failures().size}")
    use("classify") { model ->
        println("self-test: ${if (model.selfTest().passed) "passed" else model.selfTest().failures}")
        val label = runBlocking { model.ask { classify("Where’s my card?", long = LongText.MEAN).value.label } }
        println("label: $label")
        try {
            model.embed("x")
        } catch (error: EdgebertException) {
            println("refused: ${error.message}")
        }
    }
    use("tag") { println("spans: ${it.tag("Crème brûlée in Berlin").value.map { span -> span.text }}") }
    use("answer") { println("answers: ${it.answer("Where’s it?", "It’s in München.").value.size}") }
    use("fill-mask") { println("fills: ${it.fillMask("Café [MASK]", top = 3).value.single().size}") }
    use("embed") { model ->
        val search = Search.build(model, listOf("Wo ist meine Karte?", "Crème brûlée"))
        println("found: ${search.find("Crème brûlée", top = 1).value.single().line}")
    }
}

private fun use(name: String, action: (EdgebertModel) -> Unit) =
    EdgebertModel.fromFile(File(MADE, "$name.tflite")).use(action)
