// What Android Studio opens. The tests are Maven's (pom.xml, `make test-android`): they need no Android SDK.

pluginManagement {
    repositories {
        google()
        mavenCentral()
        gradlePluginPortal()
    }
}

dependencyResolutionManagement {
    repositoriesMode.set(RepositoriesMode.FAIL_ON_PROJECT_REPOS)
    repositories {
        google()
        mavenCentral()
    }
}

rootProject.name = "edgebert-android"
include(":edgebert", ":litert", ":app")
