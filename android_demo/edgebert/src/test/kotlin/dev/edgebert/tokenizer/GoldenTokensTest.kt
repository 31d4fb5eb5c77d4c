package dev.edgebert.tokenizer

import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

class GoldenTokensTest {
    @Test
    fun `all golden vectors are equal`() {
        val golden = GoldenTokens()
        val failures = golden.failures()
        assertTrue(failures.isEmpty()) { "${failures.size} of ${golden.cases.size}, the first: ${failures.first()}" }
        println("${golden.cases.size} golden vectors equal")
        assertTrue(golden.cases.size > 3000)
    }
}
