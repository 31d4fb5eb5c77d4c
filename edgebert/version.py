"""The version of edgebert, read by the build and written into every converted file."""

__version__ = "0.1.0"


def version_numbers(version: str) -> tuple[int, ...]:
    """The numbers of a version such as "2.17.0", to compare by."""
    return tuple(int(part) for part in version.split(".")[:3] if part.isdigit())
