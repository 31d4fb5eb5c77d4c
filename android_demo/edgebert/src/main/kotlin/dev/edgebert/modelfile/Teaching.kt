package dev.edgebert.modelfile

/**
 * How texts compare by the second output of a classifier's graph, the hidden state h [H]: the point of a text is
 * `matrix h - shift`, scaled to length 1 (edgebert/model_file/teaching.py).
 *
 * @property matrix base64 of int8 [H, H].
 * @property scales of the matrix's rows, [H].
 * @property shift [H].
 * @property centres base64 of int8 [K, H]: the direction of the mean point of each of the file's labels.
 * @property lead how much the file's own labels count before taught ones, in nats, where there are no [unseen] texts.
 * @property unseen from which the lead follows once labels are taught; null: there are none.
 */
class Teaching(
    val matrix: String,
    val scales: FloatArray,
    val shift: FloatArray,
    val centres: String,
    val lead: Float,
    val unseen: UnseenTexts?,
)

/**
 * Texts that the model gets right without having learned from them, and is to get right still: a taught label takes text
 * i where 20 times the cosine of its prototype with the text's point is above `bars[i]` and the lead together.
 *
 * @property points base64 of int8 [N, H]: the direction of each text's point.
 * @property bars see above, [N].
 * @property mayLose how many of them taught labels may take; between two numbers of texts the lead is interpolated.
 */
class UnseenTexts(val points: String, val bars: FloatArray, val mayLose: Float)
