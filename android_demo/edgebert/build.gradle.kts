import org.jetbrains.kotlin.gradle.dsl.JvmTarget

plugins {
    alias(libs.plugins.androidLibrary)
    alias(libs.plugins.kotlinAndroid)
    `maven-publish`
}

android {
    namespace = "dev.edgebert"
    compileSdk = libs.versions.compileSdk.get().toInt()

    defaultConfig {
        minSdk = libs.versions.minSdk.get().toInt()
        consumerProguardFiles("consumer-rules.pro")
    }

    compileOptions {
        sourceCompatibility = JavaVersion.VERSION_11
        targetCompatibility = JavaVersion.VERSION_11
    }

    sourceSets {
        // Tests run with Maven, where no Android SDK is needed.
        named("test") {
            java.setSrcDirs(emptyList<File>())
            kotlin.setSrcDirs(emptyList<File>())
        }
    }

    publishing {
        singleVariant("release") { withSourcesJar() }
    }
}

kotlin {
    compilerOptions.jvmTarget.set(JvmTarget.JVM_11)
}

dependencies {
    // Part of the library's API: whoever uses it gets the runtime along.
    api(libs.litert)
    api(libs.coroutines.core)
}

publishing {
    publications.register<MavenPublication>("release") {
        groupId = "dev.edgebert"
        artifactId = "edgebert"
        version = libs.versions.edgebert.get()
        afterEvaluate { from(components["release"]) }
    }
}
