plugins {
    alias(libs.plugins.androidLibrary)
    `maven-publish`
    signing
}

android {
    namespace = "dev.edgebert.litert"
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
    api(project(":edgebert"))
    // Gradle takes it in place of the library's LiteRT 1; it has the same interpreter beside CompiledModel.
    api(libs.litert.compiled)
}

publishing {
    publications.register<MavenPublication>("release") {
        groupId = "dev.edgebert"
        artifactId = "edgebert-litert"
        version = libs.versions.edgebert.get()
        afterEvaluate { from(components["release"]) }
        pom {
            name = "edgebert-litert"
            description = "LiteRT 2's CompiledModel as an engine of edgebert, for files of fixed lengths."
        }
    }
}
