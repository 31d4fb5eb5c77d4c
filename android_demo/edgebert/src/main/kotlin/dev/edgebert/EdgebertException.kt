package dev.edgebert

/**
 * Wrong input or wrong use.
 *
 * The message is one line for the user: what was given, what is accepted and what to do.
 */
class EdgebertException(message: String, cause: Throwable? = null) : RuntimeException(message, cause)
