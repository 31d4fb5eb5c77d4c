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
 * @property outside from which follows when an answer with a taught label is withheld; null: there are none.
 */
class Teaching(
    val matrix: String,
    val scales: FloatArray,
    val shift: FloatArray,
    val centres: String,
    val lead: Float,
    val unseen: UnseenTexts?,
    val outside: OutsideTexts?,
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

/**
 * Texts out of scope, which taught labels are to leave alone: where these scatter alike in all directions about their mean,
 * a text has to be nearer to the prototype of its taught label than all but [mayTake] of these are to that of any.
 *
 * @property points base64 of int8 [N, H]: the direction of each text's point.
 * @property mayTake how many of them taught labels may take; between two numbers of texts the bar is interpolated.
 */
class OutsideTexts(val points: String, val mayTake: Float)
