package dev.edgebert

import dev.edgebert.index.Corpus
import dev.edgebert.index.Direction
import dev.edgebert.index.Fingerprints
import dev.edgebert.index.IndexEntry
import dev.edgebert.index.IndexFile
import dev.edgebert.index.FINGERPRINT_BYTES
import dev.edgebert.index.corpusOf
import dev.edgebert.index.damaged
import dev.edgebert.index.direction
import dev.edgebert.index.documentOf
import dev.edgebert.index.fault
import dev.edgebert.index.length
import dev.edgebert.index.readCorpus
import dev.edgebert.index.readIndex
import dev.edgebert.index.sha256
import dev.edgebert.index.writeIndex
import dev.edgebert.index.writeWhole
import dev.edgebert.tasks.checkCount
import dev.edgebert.tasks.descending
import java.io.File
import java.util.TreeMap

/** Names of the prompts of what is looked for, and of what is searched. */
private val QUERY = listOf("query")
private val DOCUMENT = listOf("document", "passage", "corpus")

/**
 * Finds the documents that mean what a query means: an int8 vector for each, all of them compared.
 *
 * Where the file has prompts for queries and passages they are put before the texts. Corpus, index and scores are
 * those of `edgebert search` in Python: a text file with one document a line, of which blank lines are none, and the
 * vectors beside it. Either side opens what the other has saved.
 *
 * Threads may share one. The model must stay open as long as it is used. Calls block: off the main thread.
 */
class Search private constructor(private val model: EdgebertModel, documents: Map<Int, Document>, lines: Int) {
    private class Document(val text: String, val vector: Direction)

    private val lock = Any()
    private val documents = TreeMap(documents)

    /** A line that was given away is not given again, so that a hit's line always means the same document. */
    private var lastLine = lines

    /** Number of documents. */
    val size: Int get() = synchronized(lock) { documents.size }

    /**
     * The documents nearest to a query, the nearest first; of equal ones the earlier first.
     *
     * @param top most documents to give.
     * @param scoreThreshold documents with a lower score are left out.
     * @throws EdgebertException the query is no valid text, or has no words.
     */
    @JvmOverloads
    @Throws(EdgebertException::class)
    fun find(query: String, top: Int = 5, scoreThreshold: Float = -1f): Reply<List<Hit>> {
        checkCount("top", top)
        if (model.tokenizer.ids(query).isEmpty()) {
            throw EdgebertException(Reason.NoWords, "query '${query.take(40)}': has no words to look for; give some")
        }
        val reply = model.embed(query, prompt = model.promptFor(QUERY))
        val start = System.nanoTime()
        val hits = nearest(reply.value, top).filter { it.score >= scoreThreshold }
        val timing = reply.timing.run { copy(finishNanos = finishNanos + System.nanoTime() - start) }
        return Reply(hits, reply.tokens, reply.truncated, timing)
    }

    /**
     * Adds a document, as a new last line of the corpus.
     *
     * @param text its line ends become spaces.
     * @return the number of its line.
     * @throws EdgebertException it is blank, or no valid text.
     */
    @Throws(EdgebertException::class)
    fun add(text: String): Int {
        val document = document(model, documentOf(text))
        return synchronized(lock) {
            documents[++lastLine] = document
            lastLine
        }
    }

    /**
     * Removes a document; its line stays behind blank, so that the others keep their numbers.
     *
     * @param line of a [Hit], or what [add] gave.
     * @return whether there was one.
     */
    fun remove(line: Int): Boolean = synchronized(lock) { documents.remove(line) != null }

    /**
     * Writes corpus and index, each whole or not at all, in place of any that are there.
     *
     * @param index of the corpus; as a rule beside it.
     * @throws EdgebertException a file cannot be written, or there is no document to write.
     */
    @JvmOverloads
    @Throws(EdgebertException::class)
    fun save(corpus: File, index: File = indexBeside(corpus)) = synchronized(lock) {
        if (documents.isEmpty()) throw noDocuments()
        val (written, bytes) = corpusOf(documents.mapValues { it.value.text }, lastLine)
        writeWhole(corpus) { it.write(bytes) }
        saveIndex(index, written)
    }

    private fun saveIndex(index: File, corpus: Corpus) {
        val entries = documents.map { (line, document) ->
            IndexEntry(document.vector, corpus.offsets.getValue(line), line.toLong())
        }
        val made = Fingerprints(model.sha256, corpus.sha256, model.promptPrint())
        writeWhole(index) { writeIndex(it, made, model.record.vectorSize, entries) }
    }

    private fun nearest(query: FloatArray, top: Int): List<Hit> = synchronized(lock) {
        val length = query.length().toFloat()
        val direction = if (length == 0f) query else FloatArray(query.size) { query[it] / length }
        val all = documents.entries.toList()
        val scores = FloatArray(all.size) { all[it].value.vector.dot(direction) }
        descending(all.size) { scores[it].toDouble() }
            .take(top)
            .map { Hit(all[it].value.text, scores[it], all[it].key) }
            .toList()
    }

    companion object {
        /**
         * Embeds a corpus that is in memory, which takes as long as that many answers.
         *
         * @param lines of the corpus; blank ones are no documents.
         * @param progress told after each document how many of how many are done.
         * @throws EdgebertException the model does not embed, there is no document, or one is no valid text.
         */
        @JvmStatic
        @JvmOverloads
        @Throws(EdgebertException::class)
        fun build(
            model: EdgebertModel,
            lines: List<String>,
            progress: (done: Int, total: Int) -> Unit = { _, _ -> },
        ): Search {
            checkEmbeds(model)
            return build(model, lines.withIndex().associate { (at, line) -> at + 1 to documentOf(line) }, lines.size, progress)
        }

        /**
         * Opens a corpus with its index; where there is no index, or the corpus has changed since, it is made and saved.
         *
         * @param corpus a text file in UTF-8, one document a line.
         * @param index of the corpus; as a rule beside it.
         * @param progress told after each document that is embedded how many of how many are done.
         * @throws EdgebertException the model does not embed, the corpus cannot be read or has no document, or the index
         *   is of another model or another prompt, damaged, or cannot be written.
         */
        @JvmStatic
        @JvmOverloads
        @Throws(EdgebertException::class)
        fun open(
            model: EdgebertModel,
            corpus: File,
            index: File = indexBeside(corpus),
            progress: (done: Int, total: Int) -> Unit = { _, _ -> },
        ): Search {
            checkEmbeds(model)
            val read = readCorpus(corpus)
            val found = if (index.exists()) readIndex(index).also { checkFits(model, it, index) } else null
            if (found != null && found.made.corpus.contentEquals(read.sha256)) return of(model, read, found, index)
            return build(model, read.documents, read.lines, progress).also { it.saveIndex(index, read) }
        }

        /** Where the index of a corpus is kept as a rule: `docs.txt.edgebert-index` beside `docs.txt`. */
        @JvmStatic
        fun indexBeside(corpus: File): File = File(corpus.path + ".edgebert-index")

        private fun build(model: EdgebertModel, documents: Map<Int, String>, lines: Int, progress: (Int, Int) -> Unit): Search {
            val texts = documents.filterValues { it.isNotEmpty() }
            if (texts.isEmpty()) throw noDocuments()
            var done = 0
            return Search(model, texts.mapValues { document(model, it.value).also { progress(++done, texts.size) } }, lines)
        }

        private fun of(model: EdgebertModel, corpus: Corpus, index: IndexFile, file: File): Search {
            val documents = index.entries.associate { entry ->
                val line = entry.line.toInt()
                val text = corpus.documents[line]?.takeIf { line.toLong() == entry.line }
                    ?: throw damaged(file, "line ${entry.line} of the corpus is no document")
                line to Document(text, entry.vector)
            }
            return Search(model, documents, corpus.lines)
        }

        private fun document(model: EdgebertModel, text: String): Document {
            if (text.isEmpty()) throw EdgebertException(Reason.WrongArgument("text"), "the document is blank")
            return Document(text, direction(model.embed(text, prompt = model.promptFor(DOCUMENT)).value))
        }

        private fun checkEmbeds(model: EdgebertModel) {
            if (model.task == Task.EMBED) return
            throw EdgebertException(
                Reason.WrongTask(model.task, Task.EMBED),
                "${model.name}: is for ${model.task.id}; search needs a model for embed",
            )
        }

        private fun checkFits(model: EdgebertModel, index: IndexFile, file: File) {
            if (!index.made.model.contentEquals(model.sha256)) {
                throw fault(file, IndexFault.OTHER_MODEL, "an index of another model than ${model.name}; delete it to have it made anew")
            }
            if (!index.made.prompt.contentEquals(model.promptPrint())) {
                throw fault(file, IndexFault.OTHER_PROMPT, "its documents were embedded behind another prompt than ${model.name} has; delete it")
            }
            if (index.width != model.record.vectorSize) throw damaged(file, "vectors of ${index.width} values")
        }

        private fun noDocuments() =
            EdgebertException(Reason.WrongArgument("lines"), "there are no documents; at least one is needed")
    }
}

/**
 * The first of some names that the file has a prompt for; null leaves it to the default.
 *
 * One with a text counts before one that is empty, as in Python.
 */
private fun EdgebertModel.promptFor(names: List<String>): String? {
    val found = names.filter { it in record.prompts }
    return found.find { record.prompts.getValue(it).isNotEmpty() } ?: found.firstOrNull()
}

/** SHA-256 of the prompt before each document; zeros where there is none. */
private fun EdgebertModel.promptPrint(): ByteArray {
    val text = record.prompts[promptFor(DOCUMENT) ?: record.defaultPrompt].orEmpty()
    return if (text.isEmpty()) ByteArray(FINGERPRINT_BYTES) else sha256(text.toByteArray())
}
