package dev.edgebert.demo.benchmark

import org.json.JSONArray
import org.json.JSONObject

/** A JSON object that keeps its nulls, as the schema of reports wants. */
internal fun json(vararg fields: Pair<String, Any?>): JSONObject =
    JSONObject().apply { fields.forEach { (name, value) -> put(name, value ?: JSONObject.NULL) } }

internal fun jsonList(values: Iterable<Any?>): JSONArray = JSONArray().apply { values.forEach { put(it ?: JSONObject.NULL) } }

internal fun JSONObject.stringOrNull(name: String): String? = if (isNull(name)) null else getString(name)

internal fun JSONArray.objects(): List<JSONObject> = List(length()) { getJSONObject(it) }
