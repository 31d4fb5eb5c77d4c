package dev.edgebert.demo.benchmark

import dev.edgebert.EdgebertException
import dev.edgebert.demo.BenchmarkException
import dev.edgebert.demo.Services
import dev.edgebert.demo.models.FileModel
import dev.edgebert.demo.models.ModelSource
import java.io.File
import java.io.IOException
import java.security.MessageDigest
import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.ensureActive

/** What is to be measured: every model with every number of threads and every input. */
class BenchmarkPlan(
    val models: List<JobFile>,
    val threads: List<Int>,
    val inputs: List<BenchmarkInput>,
    val rule: StoppingRule,
    /** Asked for, but not to be had here; the report says so with every run. */
    val notes: List<String> = emptyList(),
) {
    /** A model, what the report calls it, and the SHA-256 that it must have; null: any. */
    class JobFile(val source: ModelSource, val name: String, val sha256: String?)

    companion object {
        /** @throws BenchmarkException a file does not lie where the job's files have to, or cannot be read */
        fun of(job: BenchmarkJob, services: Services): BenchmarkPlan {
            fun inside(path: String): File {
                val file = File(path).canonicalFile
                if (!file.startsWith(services.jobFolder.canonicalFile)) throw BenchmarkException("$path: not in ${services.jobFolder}")
                return file
            }
            val texts = job.texts?.let { Texts.read(inside(it)) } ?: Texts.shipped(services.questions())
            val words = Length.words(services.questions())
            return BenchmarkPlan(
                models = job.models.map { JobFile(FileModel(inside(it.path)), it.name, it.sha256) },
                threads = job.threads,
                inputs = listOf(texts) + job.lengths.map { Length(it, words) },
                rule = StoppingRule(job.rounds, job.minSeconds),
                notes = listOfNotNull(
                    job.cores?.let { "cores $it: an app cannot choose its cores; measured on all" },
                    job.data?.let { "accuracy was not measured: the app does not judge; use `edgebert evaluate`" },
                ),
            )
        }
    }
}

/** How far a benchmark is: [done] of [total] steps, at [what]. */
data class BenchmarkProgress(val done: Int, val total: Int, val what: String)

/** Measures a plan on this device. */
class Benchmark(private val services: Services, private val told: (BenchmarkProgress) -> Unit) {
    private val device = services.device

    /** @throws EdgebertException a model, text or setting that does not fit; or a measuring process fails */
    suspend fun run(plan: BenchmarkPlan): DeviceResult {
        val models = plan.models.map { it.source to measured(it, plan) }
        val stages = plan.threads.flatMap { threads ->
            plan.inputs.flatMap { given -> models.chunked(services.slots).map { Stage(threads, given, it) } }
        }
        val before = device.state()
        val runs = ArrayList<Run>()
        val ratios = ArrayList<RunRatio>()
        stages.forEachIndexed { number, stage ->
            val found = measure(stage, plan) { share ->
                told(BenchmarkProgress((STEPS * (number + share)).toInt(), STEPS * stages.size, stage.label))
            }
            ratios += RunRatio.between(found, runs.size)
            runs += found
        }
        val rounds = runs.flatMap { it.rounds }.map { it.throttled }
        val throttled = if (rounds.all { it == null }) null else rounds.any { it == true }
        val engines = runs.associate { Run.ENGINE to it.started.runtime }
        return DeviceResult(device.facts(before, throttled, engines), runs, ratios, groupNotes(plan))
    }

    private class Stage(val threads: Int, val given: BenchmarkInput, val models: List<Pair<ModelSource, MeasuredModel>>) {
        val label: String
            get() {
                val names = if (models.size == 1) models.first().second.name else "${models.size} models"
                return "$names, ${given.label}, $threads thread${if (threads > 1) "s" else ""}"
            }
    }

    /** Runs of models that are in memory at once. */
    private suspend fun measure(stage: Stage, plan: BenchmarkPlan, progress: (Double) -> Unit): List<Run> {
        val context = currentCoroutineContext()
        val processes = stage.models.indices.map(services::process)
        try {
            val started = stage.models.mapIndexed { at, (source, _) -> processes[at].start(Setting(source.id, stage.threads, stage.given)) }
            val taken = interleave(processes, plan.rule, device) {
                context.ensureActive()
                progress(it)
            }
            return stage.models.mapIndexed { at, (_, model) ->
                Run(
                    model = model,
                    started = started[at],
                    threads = stage.threads,
                    given = stage.given,
                    samples = taken[at].samples,
                    rounds = taken[at].rounds,
                    peak = processes[at].peak(),
                    joulesPer1000 = if (stage.given is Texts) energy(processes[at]) else null,
                    notes = plan.notes,
                )
            }
        } finally {
            processes.forEach { it.close() }
        }
    }

    /** Joules of a thousand answers, from some seconds of them; null where the device does not tell what it draws. */
    private suspend fun energy(process: MeasuringProcess): Double? {
        val watts = ArrayList<Double>()
        var answers = 0
        val start = System.nanoTime()
        while (System.nanoTime() - start < ENERGY_NANOS) {
            watts += device.watts() ?: return null
            answers += process.round(ENERGY_CHUNK_SECONDS).size
        }
        val seconds = (System.nanoTime() - start) / 1e9
        return thousandths(watts.average() * seconds / answers * 1000)
    }

    /** What the file tells of itself, once it has the right hash and takes every input. */
    private fun measured(candidate: BenchmarkPlan.JobFile, plan: BenchmarkPlan): MeasuredModel {
        val (sha256, bytes) = digest(candidate)
        if (candidate.sha256 != null && candidate.sha256 != sha256) {
            throw BenchmarkException("${candidate.name}: the file is not the one that was sent; run again")
        }
        services.open(candidate.source, threads = 1).use { model ->
            plan.inputs.forEach { it.of(model) }
            val record = model.record
            return MeasuredModel(
                name = candidate.name,
                sha256 = sha256,
                bytes = bytes,
                task = record.task.id,
                quantization = record.quantization,
                layers = record.model.layers,
                hiddenSize = record.model.hiddenSize,
                heads = record.model.attentionHeads,
            )
        }
    }

    private fun digest(candidate: BenchmarkPlan.JobFile): Pair<String, Long> = try {
        services.stream(candidate.source).use { stream ->
            val digest = MessageDigest.getInstance("SHA-256")
            val buffer = ByteArray(1 shl 16)
            var bytes = 0L
            while (true) {
                val count = stream.read(buffer)
                if (count < 0) break
                digest.update(buffer, 0, count)
                bytes += count
            }
            digest.digest().joinToString("") { "%02x".format(it) } to bytes
        }
    } catch (error: IOException) {
        throw BenchmarkException("${candidate.name}: cannot be read: ${error.message}", error)
    }

    private fun groupNotes(plan: BenchmarkPlan): List<String> =
        if (plan.models.size <= services.slots) emptyList()
        else listOf("${services.slots} models at a time were interleaved; only those can be compared by ratios")

    private companion object {
        const val STEPS = 100
        const val ENERGY_NANOS = 2_000_000_000L

        /** Short, as messages between processes are small. */
        const val ENERGY_CHUNK_SECONDS = 0.1
    }
}
