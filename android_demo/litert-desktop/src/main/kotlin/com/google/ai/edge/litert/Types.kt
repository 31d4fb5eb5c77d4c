package com.google.ai.edge.litert

import java.util.concurrent.atomic.AtomicBoolean

enum class Accelerator { NONE, CPU, GPU, NPU }

/** Like LiteRT's a checked exception, not one of those that engines throw. */
class LiteRtException(message: String) : Exception(message)

class Environment private constructor()

data class TensorType(val elementType: ElementType, val layout: Layout? = null) {
    enum class ElementType { INT, FLOAT, INT8, BOOLEAN, INT64 }

    data class Layout(val dimensions: List<Int>, val strides: List<Int> = listOf())
}

abstract class JniHandle internal constructor() : AutoCloseable {
    private val destroyed = AtomicBoolean()

    protected fun assertNotDestroyed() = check(!destroyed.get()) { "The handle has been destroyed." }

    protected abstract fun destroy()

    final override fun close() {
        if (destroyed.compareAndSet(false, true)) destroy()
    }
}
