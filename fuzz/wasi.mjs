// Runs a WebAssembly program as an operating system would: `node --no-warnings wasi.mjs PROGRAM ARGUMENTS`.
import { readFileSync } from "node:fs";
import { argv, env, exit } from "node:process";
import { setFlagsFromString } from "node:v8";
import { WASI } from "node:wasi";

// With them, Node 20 loses its own memory when the program's grows between calls: it crashes in its garbage collector, or at the end.
setFlagsFromString("--no-turbo-fast-api-calls");

const args = argv.slice(2);
const wasi = new WASI({ version: "preview1", args, env, preopens: { "/": "/" } });
const program = await WebAssembly.compile(readFileSync(args[0]));
exit(wasi.start(await WebAssembly.instantiate(program, wasi.getImportObject())));
