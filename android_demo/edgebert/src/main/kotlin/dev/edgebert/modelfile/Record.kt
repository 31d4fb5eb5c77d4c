package dev.edgebert.modelfile

import dev.edgebert.EdgebertException
import dev.edgebert.Feature
import dev.edgebert.Reason
import dev.edgebert.Task
import dev.edgebert.tokenizer.AddedToken
import dev.edgebert.tokenizer.Template
import dev.edgebert.tokenizer.TemplatePart
import dev.edgebert.tokenizer.TokenizerOptions
import dev.edgebert.tokenizer.TruncationSide

/** Shape of the BERT inside a file. */
data class ModelShape(
    val vocabSize: Int,
    val hiddenSize: Int,
    val layers: Int,
    val attentionHeads: Int,
    val intermediateSize: Int,
)

/** Where the weights came from: what the user named, and its format. */
data class Source(val name: String, val format: String)

/**
 * One text, its ids, and what the file answered where it was made.
 *
 * @property further values of the inputs beside ids, mask and segment ids, by name.
 * @property shape of the whole output.
 * @property output every [stride]-th value of the flattened output.
 */
class SelfTest(
    val text: String,
    val pair: String?,
    val ids: IntArray,
    val segmentIds: IntArray,
    val further: Map<String, IntArray>,
    val shape: IntArray,
    val stride: Int,
    val output: FloatArray,
)

/**
 * What a file says of its graphs of fixed lengths (`edgebert convert --length`).
 *
 * @property lengths tokens that each graph takes, ascending; a text is padded to the smallest that holds it.
 * @property padId the id that fills a text up.
 * @property positions of fill-mask: how many positions one run computes; null: the task has none.
 */
class FixedLengths(val lengths: List<Int>, val padId: Int, val positions: Int?)

/**
 * What edgebert knows of a file: `edgebert.json`, whose schema is edgebert/model_file/record.schema.json.
 *
 * @property labels empty where the task has none.
 * @property multiLabel the scores of classify are independent of each other.
 * @property normalize vectors of embed have length 1.
 * @property maxLength most tokens of an input, special ones included.
 * @property quantization name of the recipe: int8, float16, float32.
 * @property minimumRuntime lowest TensorFlow Lite version that has all its ops.
 * @property selfTestTolerance largest difference to the recorded outputs that another machine may show.
 * @property prompts of embed: texts that are put before a text, by name.
 * @property defaultPrompt name of the one that is taken where none is asked for.
 * @property abstention of classify, tag and answer: when the answer is not to be relied on; null: never.
 * @property teaching of classify: how labels are taught to it; null: they are not.
 * @property vectorSize how many numbers a vector of embed has.
 * @property fixed of a file whose graphs take fixed lengths; null: it takes any length.
 * @property graphCrc32c checksum of all bytes before the archive; null in files of versions that wrote none.
 */
class Record(
    val task: Task,
    val labels: List<String>,
    val multiLabel: Boolean,
    val normalize: Boolean,
    val maxLength: Int,
    val tokenizer: TokenizerOptions,
    val model: ModelShape,
    val source: Source,
    val quantization: String,
    val minimumRuntime: String,
    val selfTestTolerance: Float,
    val selfTest: List<SelfTest>,
    val prompts: Map<String, String>,
    val defaultPrompt: String?,
    val graphCrc32c: Long?,
    val vectorSize: Int,
    val abstention: Abstention? = null,
    val fixed: FixedLengths? = null,
    val teaching: Teaching? = null,
) {
    /** The size that the last axis of the file's output must have. */
    internal val outputWidth: Int
        get() = when (task) {
            Task.CLASSIFY, Task.TAG -> labels.size
            Task.REGRESS -> 1
            Task.ANSWER -> 2
            Task.FILL_MASK -> model.vocabSize
            Task.EMBED -> vectorSize
            Task.ENCODE -> model.hiddenSize
        }

    /** Names of the inputs beside ids, mask and segment ids. */
    internal val furtherInputs: Set<String>
        get() = if (task == Task.FILL_MASK) setOf("positions") else emptySet()
}

/** 2 is that of full-integer files; the others may be one, too. */
private val FORMATS = setOf(1L, 3L, 4L, 5L)
private const val INTEGER_FORMAT = 2L
private const val WORD_PIECE = "wordpiece"
private const val WHERE = "edgebert record: record"

/** Lengths of inputs that any model could take; others are damage. */
private val LENGTHS = 8..65_536

/**
 * Reads a record, which may come from anywhere.
 *
 * @throws EdgebertException not JSON, of a newer format, of an unknown task, or not as the schema says.
 */
internal fun parseRecord(text: String): Record {
    val json = try {
        parseJson(text)
    } catch (_: JsonException) {
        throw EdgebertException(Reason.Damaged, "edgebert record: not JSON")
    }
    val values = json as? Map<*, *> ?: throw EdgebertException(Reason.Damaged, "edgebert record: no JSON object")
    if (values["format"] == INTEGER_FORMAT || values["integer"] != null) {
        throw EdgebertException(
            Reason.Unsupported(Feature.FULL_INTEGER),
            "edgebert record: a full-integer file, for accelerators; this app reads int8, float16 and float32: " +
                "convert again with --quantize int8",
        )
    }
    if (values["format"] !in FORMATS) {
        throw EdgebertException(
            Reason.TooNew("format ${values["format"]}"),
            "edgebert record: format ${values["format"]}, this app reads ${FORMATS.joinToString()}; update the app, or convert again with the edgebert it was made for",
        )
    }
    return Fields(values, WHERE).record()
}

private fun Fields.record() = Record(
    task = task(string("task")),
    labels = orNull("labels", Fields::strings).orEmpty(),
    multiLabel = boolean("multi_label"),
    normalize = boolean("normalize"),
    maxLength = length("max_length"),
    tokenizer = fields("tokenizer").tokenizer(),
    model = fields("model").shape(),
    source = fields("source").run { Source(string("name"), string("format")) },
    quantization = fields("quantization").string("name"),
    minimumRuntime = string("minimum_runtime"),
    selfTestTolerance = float("self_test_tolerance"),
    selfTest = objects("self_test").map { it.selfTest() },
    prompts = if (has("prompts")) fields("prompts").allStrings() else emptyMap(),
    defaultPrompt = if (has("default_prompt")) string("default_prompt") else null,
    graphCrc32c = if (has("graph_crc32c")) long("graph_crc32c") else null,
    vectorSize = if (has("vector_size")) int("vector_size") else fields("model").int("hidden_size"),
    abstention = if (has("abstention")) fields("abstention").abstention(labels = labelsOfRule()) else null,
    fixed = if (has("fixed")) fields("fixed").fixedLengths(maxLength = int("max_length")) else null,
    teaching = if (has("teaching")) fields("teaching").teaching() else null,
)

private fun Fields.teaching() = Teaching(
    string("matrix"),
    floats("scales"),
    floats("shift"),
    string("centres"),
    float("lead"),
    if (has("unseen")) fields("unseen").run { UnseenTexts(string("points"), floats("bars"), float("may_lose")) } else null,
    if (has("outside")) fields("outside").run { OutsideTexts(string("points"), float("may_take")) } else null,
)

private fun Fields.fixedLengths(maxLength: Int): FixedLengths {
    val lengths = ints("lengths").asList()
    val positions = orNull("positions", Fields::int)
    if (lengths != lengths.sorted().distinct() || lengths.lastOrNull() != maxLength || lengths[0] < 1 || positions?.let { it < 1 } == true) {
        throw EdgebertException(Reason.Damaged, "$WHERE.fixed does not fit a model of $maxLength tokens")
    }
    return FixedLengths(lengths, int("pad_id"), positions)
}

/** For how many labels a rule of when to abstain has an energy. */
private fun Fields.labelsOfRule(): Int =
    if (task(string("task")) == Task.CLASSIFY && !boolean("multi_label")) strings("labels").size else 0

private fun Fields.abstention(labels: Int) = Abstention(
    temperature = double("temperature"),
    energies = doubles("energies"),
    minScore = double("min_score"),
    minScope = double("min_scope"),
).also {
    if (it.energies.size != labels || !(it.temperature > 0)) {
        throw EdgebertException(Reason.Damaged, "$WHERE.abstention does not fit $labels labels")
    }
}

private fun task(id: String): Task = Task.entries.find { it.id == id } ?: throw EdgebertException(
    Reason.TooNew("task ${id.take(40)}"),
    "edgebert record: task '${id.take(40)}' is unknown; this app knows: " +
        "${Task.entries.joinToString { it.id }}; update the app or convert again",
)

internal fun Fields.tokenizer(): TokenizerOptions {
    val kind = orElse("kind", WORD_PIECE, Fields::string)
    if (kind != WORD_PIECE) {
        throw EdgebertException(
            Reason.Unsupported(Feature.TOKENIZER),
            "edgebert record: its tokenizer is '${kind.take(40)}'; this app knows $WORD_PIECE; take a model of " +
                "another family than ALBERT",
        )
    }
    return TokenizerOptions(
        lowerCase = boolean("lower_case"),
        stripAccents = orNull("strip_accents", Fields::boolean),
        chineseChars = boolean("chinese_chars"),
        maxLength = length("max_length"),
        truncationSide = orElse("truncation_side", "right", Fields::string).let(::truncationSide),
        addedTokens = orElse("added_tokens", emptyList(), Fields::objects).map { it.addedToken() },
        template = if (has("template")) fields("template").template() else null,
    )
}

private fun truncationSide(name: String) = TruncationSide.entries.find { it.name.lowercase() == name }
    ?: throw EdgebertException(Reason.Damaged, "$WHERE.tokenizer.truncation_side is '${name.take(40)}', which does not fit")

private fun Fields.addedToken() = AddedToken(
    content = string("content"),
    id = int("id"),
    lstrip = flag("lstrip"),
    rstrip = flag("rstrip"),
    singleWord = flag("single_word"),
    normalized = flag("normalized"),
    wordPiece = flag("word_piece"),
)

private fun Fields.flag(name: String) = orElse(name, false, Fields::boolean)

private fun Fields.template() = Template(
    single = objects("single").map { it.templatePart() },
    pair = objects("pair").map { it.templatePart() },
)

private fun Fields.templatePart() = TemplatePart(
    token = orNull("token", Fields::int),
    segment = orElse("segment", 0, Fields::int),
)

private fun Fields.shape() = ModelShape(
    vocabSize = int("vocab_size"),
    hiddenSize = int("hidden_size"),
    layers = int("num_hidden_layers"),
    attentionHeads = int("num_attention_heads"),
    intermediateSize = int("intermediate_size"),
)

private fun Fields.selfTest() = SelfTest(
    text = string("text"),
    pair = orNull("pair", Fields::string),
    ids = ints("ids"),
    segmentIds = ints("segment_ids"),
    further = fields("further").allInts(),
    shape = ints("shape"),
    stride = int("stride"),
    output = floats("output"),
)

private fun Fields.length(name: String): Int = int(name).also {
    if (it !in LENGTHS) throw EdgebertException(Reason.Damaged, "$WHERE: $name is $it; accepted: $LENGTHS")
}
