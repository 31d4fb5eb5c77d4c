package dev.edgebert.tokenizer

/**
 * Options of a WordPiece tokenizer, beside the vocabulary. The defaults are those of BERT uncased.
 *
 * @property stripAccents null means "as lowerCase", which is what the original BERT does.
 * @property chineseChars put spaces around CJK characters.
 * @property maxLength most tokens of one input, [CLS] and [SEP] included.
 */
data class TokenizerOptions(
    val lowerCase: Boolean = true,
    val stripAccents: Boolean? = null,
    val chineseChars: Boolean = true,
    val maxLength: Int = 512,
)
