"""docs/api.txt is what is public, in both languages."""

from tools.docs.make_api import PAGE, kotlin_declarations, page, python_declaration

PYTHON = '''
@dataclass(frozen=True)
class Box(Base):
    """A box."""

    size: int = 1
    _hidden: int = 2

    @overload
    def open(self, key: str) -> int: ...

    @overload
    def open(self, key: int) -> str: ...

    def open(self, key: Any) -> Any:
        return key

    def _lock(self) -> None: ...

    def __call__(self, *, fast: bool = False) -> None: ...


def other() -> None: ...
'''

KOTLIN = """
package a

/** A { brace in a comment. */
class Box internal constructor(
    val size: Int,
    private val key: String,
    lock: (Int, Int) -> Unit,
) : Base {
    private val hidden = 1
    val open: Boolean get() = size > 0 // } and here
    internal fun lock() {}

    /** Twice. */
    @JvmOverloads
    fun twice(text: String = "a { brace", of: Map<String, Int> = mapOf()): Int =
        text.length * 2 +
            1
    override fun close() {}
    companion object {
        const val NAME: String = "box"
        private fun none() = 1
    }
}

private class Hidden { val seen = 1 }

enum class Side(val id: String) { LEFT("left"), RIGHT("right"); val other get() = 1 }
fun Box.next() = if (open) 1 else 2
"""


def test_the_committed_page_is_that_of_the_sources():
    assert PAGE.read_text(encoding="utf-8") == page(), "changed on purpose? run: make docs"


def test_of_python_public_members_and_overloads_count():
    assert list(python_declaration(PYTHON, "Box")) == [
        "@dataclass(frozen=True)",
        "class Box(Base)",
        "    size: int = 1",
        "    @overload",
        "    def open(self, key: str) -> int",
        "    @overload",
        "    def open(self, key: int) -> str",
        "    def __call__(self, *, fast: bool=False) -> None",
    ]


def test_of_kotlin_what_is_neither_private_nor_internal_counts():
    assert list(kotlin_declarations(KOTLIN)) == [
        "class Box internal constructor(val size: Int) : Base",
        "    val open: Boolean get()",
        '    fun twice(text: String = "", of: Map<String, Int> = mapOf()): Int',
        "    companion object",
        "        const val NAME: String",
        "enum class Side(val id: String)",
        '    LEFT("left"), RIGHT("right")',
        "    val other get()",
        "fun Box.next()",
    ]
