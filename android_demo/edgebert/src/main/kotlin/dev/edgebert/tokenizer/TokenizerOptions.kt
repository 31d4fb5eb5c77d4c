package dev.edgebert.tokenizer

/** The end of a text that is cut off where it is too long. */
enum class TruncationSide { RIGHT, LEFT }

/**
 * A text that is one token wherever it stands in a text, as Hugging Face's tokenizers have it.
 *
 * @property lstrip takes the white space before it, too.
 * @property rstrip takes the white space behind it, too.
 * @property singleWord is not found inside a word.
 * @property normalized is looked for in the normalised text, not in the text as it was given.
 * @property wordPiece is one of the model's own pieces as well, so that words may be cut into it.
 */
data class AddedToken @JvmOverloads constructor(
    val content: String,
    val id: Int,
    val lstrip: Boolean = false,
    val rstrip: Boolean = false,
    val singleWord: Boolean = false,
    val normalized: Boolean = false,
    val wordPiece: Boolean = false,
)

/**
 * A place in a template.
 *
 * @property token id of a special token; null: the text stands here, in a pair first the text, then its pair.
 * @property segment segment id of all tokens of the place.
 */
data class TemplatePart @JvmOverloads constructor(val token: Int?, val segment: Int = 0)

/** Where special tokens stand around a text, and around a text and its pair. */
data class Template(val single: List<TemplatePart>, val pair: List<TemplatePart>)

/**
 * Options of a WordPiece tokenizer, beside the vocabulary. The defaults are those of BERT uncased.
 *
 * @property stripAccents null means "as lowerCase", which is what the original BERT does.
 * @property chineseChars put spaces around CJK characters.
 * @property maxLength most tokens of one input, special ones included.
 * @property truncationSide the end of a text that is cut off where it is too long.
 * @property addedTokens texts that are one token wherever they stand; never [CLS] and the other special tokens,
 *   which are plain text in a text.
 * @property template where special tokens stand; null: [CLS] text [SEP] and [CLS] text [SEP] pair [SEP], with
 *   segment 1 behind the first [SEP].
 */
data class TokenizerOptions @JvmOverloads constructor(
    val lowerCase: Boolean = true,
    val stripAccents: Boolean? = null,
    val chineseChars: Boolean = true,
    val maxLength: Int = 512,
    val truncationSide: TruncationSide = TruncationSide.RIGHT,
    val addedTokens: List<AddedToken> = emptyList(),
    val template: Template? = null,
)
