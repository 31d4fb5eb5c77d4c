package dev.edgebert

/**
 * Wrong input or wrong use.
 *
 * The message is one line of English for logs: what was given, what is accepted and what to do. What an app shows to
 * its user it makes of [reason], in the user's language.
 *
 * @property reason what went wrong, as a type with its data.
 */
class EdgebertException @JvmOverloads constructor(val reason: Reason, message: String, cause: Throwable? = null) :
    RuntimeException(message, cause)
