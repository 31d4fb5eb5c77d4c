package dev.edgebert

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import java.io.File

/** The library phones nobody: no class of it so much as names a class that opens a connection. */
class NoNetworkTest {
    @Test
    fun `no class refers to sockets or HTTP`() {
        val classes = File("target/classes/dev/edgebert").walk().filter { it.extension == "class" }.toList()
        assertTrue(classes.size > 50) { "${classes.size} classes found" }
        // Names of classes stand in the constant pool as they are.
        // An address of a document is no connection.
        val found = classes.filter { file ->
            val content = file.readText(Charsets.ISO_8859_1).replace("android/net/Uri", "")
            NETWORK.any { it in content }
        }
        assertEquals(emptyList<File>(), found)
    }

    private companion object {
        val NETWORK = listOf(
            "java/net/", "javax/net/", "android/net/", "java/nio/channels/SocketChannel", "AsynchronousSocketChannel",
            "DatagramChannel", "okhttp", "java/rmi/",
        )
    }
}
