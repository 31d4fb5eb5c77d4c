// Runs a file in LiteRT.js on Node: `node run_litert_js.mjs FOLDER FILE INPUTS`; prints JSON.
// FOLDER has node_modules/@litertjs/core, as npm installed it. The package is written for browsers:
// here Node is given the two globals that a browser's worker has, `self` and `importScripts`.

import {readFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import path from 'node:path';
import {pathToFileURL} from 'node:url';
import vm from 'node:vm';

const [folder, file, inputs] = process.argv.slice(2);
const core = path.resolve(folder, 'node_modules/@litertjs/core');
globalThis.self = globalThis;
globalThis.require = createRequire(import.meta.url);
globalThis.__filename = path.join(core, 'wasm/litert_wasm_internal.js');
globalThis.__dirname = path.dirname(globalThis.__filename);
globalThis.importScripts = script =>
    vm.runInThisContext(readFileSync(script, 'utf8'), {filename: script});

const {loadLiteRt, loadAndCompile, Tensor} =
    await import(pathToFileURL(path.join(core, 'dist/index.js')).href);
await loadLiteRt(path.join(core, 'wasm') + path.sep);
const model = await loadAndCompile(new Uint8Array(readFileSync(file)), {accelerator: 'wasm'});
const outputs = [];
for (const text of JSON.parse(readFileSync(inputs, 'utf8'))) {
  const given = {};
  for (const [name, row] of Object.entries(text)) {
    given[name] = new Tensor(new Int32Array(row), [1, row.length]);
  }
  const result = await model.run(given);
  const output = Array.isArray(result) ? result[0] : Object.values(result)[0];
  outputs.push(Array.from(output.toTypedArray()));
}
console.log(JSON.stringify({outputs}));
