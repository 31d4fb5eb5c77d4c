plugins {
    alias(libs.plugins.androidApplication)
}

/** What ships with edgebert: the questions that the app searches and measures with, and its model. */
abstract class CopyShipped : DefaultTask() {
    @get:InputFile
    abstract val questions: RegularFileProperty

    @get:InputFile
    abstract val model: RegularFileProperty

    @get:OutputDirectory
    abstract val assets: DirectoryProperty

    @TaskAction
    fun copy() {
        val folder = assets.get().asFile
        val (text, file) = questions.get().asFile to model.get().asFile
        text.copyTo(folder.resolve(text.name), overwrite = true)
        file.copyTo(folder.resolve("models").resolve(file.name), overwrite = true)
    }
}

android {
    namespace = "dev.edgebert.demo"
    compileSdk = libs.versions.compileSdk.get().toInt()

    defaultConfig {
        applicationId = "dev.edgebert.demo"
        minSdk = libs.versions.minSdk.get().toInt()
        targetSdk = libs.versions.targetSdk.get().toInt()
        versionCode = 1
        versionName = libs.versions.edgebert.get()
        ndk {
            abiFilters += listOf("arm64-v8a", "armeabi-v7a", "x86_64")
        }
    }

    buildTypes {
        release {
            isMinifyEnabled = true
            isShrinkResources = true
            proguardFiles(getDefaultProguardFile("proguard-android-optimize.txt"), "proguard-rules.pro")
            // Good for trying it out; sign with a key of your own to publish.
            signingConfig = signingConfigs.getByName("debug")
        }
    }

    compileOptions {
        sourceCompatibility = JavaVersion.VERSION_11
        targetCompatibility = JavaVersion.VERSION_11
    }

    androidResources {
        // Models are mapped into memory where they lie in the APK.
        noCompress += "tflite"
    }

    packaging {
        // Native libraries stay uncompressed, and are aligned for pages of 16 KB.
        jniLibs.useLegacyPackaging = false
    }

    sourceSets {
        // Tests run with Maven, where no Android SDK is needed.
        named("test") {
            java.directories.clear()
            kotlin.directories.clear()
        }
    }
}

androidComponents {
    onVariants { variant ->
        val copy = tasks.register<CopyShipped>("copyShippedFor${variant.name.replaceFirstChar { it.uppercase() }}") {
            questions.set(rootProject.layout.projectDirectory.file("../edgebert/data/questions.txt"))
            model.set(rootProject.layout.projectDirectory.file("../edgebert/data/intents.tflite"))
        }
        variant.sources.assets?.addGeneratedSourceDirectory(copy, CopyShipped::assets)
    }
}

dependencies {
    implementation(project(":edgebert"))
    implementation(libs.coroutines.android)
}
