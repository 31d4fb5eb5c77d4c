// Kotlin comes with the Android plugin, in the version of this class path.
buildscript {
    dependencies {
        classpath(libs.kotlin.gradle)
    }
}

plugins {
    alias(libs.plugins.androidApplication) apply false
    alias(libs.plugins.androidLibrary) apply false
}

/** The home page, which pyproject.toml names once there is one. */
val home = Regex("^Homepage = \"(.+)\"$", RegexOption.MULTILINE)
    .find(rootDir.resolveSibling("pyproject.toml").readText())?.groupValues?.get(1)

// What Maven Central wants of both libraries; names and descriptions are in their own files.
subprojects {
    pluginManager.withPlugin("maven-publish") {
        extensions.configure<PublishingExtension> {
            publications.withType<MavenPublication>().configureEach {
                pom {
                    url = home
                    licenses {
                        license {
                            name = "Apache-2.0"
                            url = "https://www.apache.org/licenses/LICENSE-2.0.txt"
                        }
                    }
                    developers {
                        developer {
                            id = "edgebert"
                            name = "The edgebert developers"
                            url = home
                        }
                    }
                    scm {
                        url = home
                        connection = home?.let { "scm:git:$it.git" }
                        developerConnection = home?.let { "scm:git:$it.git" }
                    }
                }
            }
        }
    }
    pluginManager.withPlugin("signing") {
        extensions.configure<SigningExtension> {
            // With a key at hand (signing.gnupg.keyName) a publication is signed, as Maven Central wants it.
            isRequired = false
            if (providers.gradleProperty("signing.gnupg.keyName").isPresent) {
                useGpgCmd()
                sign(extensions.getByType<PublishingExtension>().publications)
            }
        }
    }
}
