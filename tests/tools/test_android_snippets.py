"""What is compiled of the Android docs; Maven compiles it in `make test-android`."""

from tools.docs.android_snippets import file_name, snippets, source


def test_every_kotlin_and_java_snippet_of_the_docs_is_found():
    found = list(snippets())
    assert sorted(language for language, _ in found) == ["java"] * 2 + ["kotlin"] * 6
    assert any(code.startswith("class MainActivity") for _, code in found)
    assert not any("implementation(" in code for _, code in found)  # Gradle's


def test_a_class_is_a_file_and_statements_are_a_body():
    assert "\nclass Mine {}\n" in source("kotlin", "class Mine {}", 3)
    assert "snippet(" not in source("kotlin", "class Mine {}", 3)
    assert ") {\n    val one = 1\n}" in source("kotlin", "val one = 1", 3)
    mine = "public class Mine {}"
    assert f"\n{mine}\n" in source("java", mine, 3)
    assert "snippet()" not in source("java", mine, 3)
    assert file_name("java", mine) == "Mine.java"
    assert file_name("java", "int one;") == "Snippet.java"
    assert "void snippet() {\n        int one;\n    }" in source("java", "int one;", 3)
