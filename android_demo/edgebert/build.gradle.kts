plugins {
    alias(libs.plugins.androidLibrary)
    `maven-publish`
    signing
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
            java.directories.clear()
            kotlin.directories.clear()
        }
    }

    publishing {
        singleVariant("release") {
            withSourcesJar()
            withJavadocJar()
        }
    }
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
        pom {
            name = "edgebert"
            description = "Runs compact BERT models, made by `edgebert convert`, on Android."
        }
    }
}
