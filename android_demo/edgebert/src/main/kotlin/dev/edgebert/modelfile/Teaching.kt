package dev.edgebert.modelfile

/**
 * How texts compare by the second output of a classifier's graph, the hidden state h [H]: the point of a text is
 * `matrix h - shift`, scaled to length 1 (edgebert/model_file/teaching.py).
 *
 * @property matrix base64 of int8 [H, H].
 * @property scales of the matrix's rows, [H].
 * @property shift [H].
 * @property centres base64 of int8 [K, H]: the direction of the mean point of each of the file's labels.
 * @property lead how much the file's own labels count before taught ones, in nats.
 */
class Teaching(
    val matrix: String,
    val scales: FloatArray,
    val shift: FloatArray,
    val centres: String,
    val lead: Float,
)
