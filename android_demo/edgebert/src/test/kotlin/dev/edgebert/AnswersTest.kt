package dev.edgebert

/** The default engine, on files of any length and one of a fixed length. */
class AnswersTest : PythonAnswers(MADE)
