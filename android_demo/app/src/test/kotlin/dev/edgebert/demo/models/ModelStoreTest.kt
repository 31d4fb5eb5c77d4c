package dev.edgebert.demo.models

import org.junit.Assert.assertEquals
import org.junit.Test

class ModelStoreTest {
    @Test
    fun `names of other apps become file names without a path`() {
        val cases = mapOf(
            "intents.tflite" to "intents.tflite",
            "../../databases/x" to "databases_x.tflite",
            "/sdcard/My model (1).tflite" to "sdcard_My_model_1.tflite",
            null to "model.tflite",
            "..." to "model.tflite",
            "n".repeat(500) to "n".repeat(80) + ".tflite",
        )
        for ((given, wanted) in cases) assertEquals(wanted, ModelStore.cleanName(given))
    }
}
