"""An APK of the demo without Google's SDK: built from Maven Central and Debian, and checked."""
