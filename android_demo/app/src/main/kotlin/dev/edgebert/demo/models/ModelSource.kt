package dev.edgebert.demo.models

import android.content.Context
import dev.edgebert.EdgebertModel
import dev.edgebert.Options
import dev.edgebert.demo.BenchmarkException
import java.io.File
import java.io.FileInputStream
import java.io.InputStream

/** Where a model lies; [id] finds it again in another process, or after this one was ended. */
sealed interface ModelSource {
    val id: String
    val name: String

    /** How the name of the file ends that /proc/self/maps shows for it. */
    val mappedAs: String

    /** @throws java.io.IOException it cannot be read; also what [EdgebertModel.fromFile] throws */
    fun open(context: Context, options: Options): EdgebertModel

    /** @throws java.io.IOException it cannot be read */
    fun stream(context: Context): InputStream

    companion object {
        /** @throws BenchmarkException it is no [id] of a model */
        fun of(id: String): ModelSource =
            when {
                id.startsWith(AssetModel.SCHEME) -> AssetModel(id.removePrefix(AssetModel.SCHEME))
                id.startsWith(FileModel.SCHEME) -> FileModel(File(id.removePrefix(FileModel.SCHEME)))
                else -> throw BenchmarkException("$id: no model of this app")
            }
    }
}

/** A model in the APK, where it is stored uncompressed and mapped in place. */
data class AssetModel(val path: String) : ModelSource {
    override val id: String get() = SCHEME + path
    override val name: String get() = File(path).nameWithoutExtension
    override val mappedAs: String get() = ".apk"

    override fun open(context: Context, options: Options): EdgebertModel =
        EdgebertModel.fromAsset(context, path, options)

    override fun stream(context: Context): InputStream = context.assets.open(path)

    companion object {
        const val SCHEME = "asset:"
    }
}

/** A model in a file. */
data class FileModel(val file: File) : ModelSource {
    override val id: String get() = SCHEME + file.path
    override val name: String get() = file.nameWithoutExtension
    override val mappedAs: String get() = file.name

    override fun open(context: Context, options: Options): EdgebertModel = EdgebertModel.fromFile(file, options)

    override fun stream(context: Context): InputStream = FileInputStream(file)

    companion object {
        const val SCHEME = "file:"
    }
}
