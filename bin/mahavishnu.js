#!/usr/bin/env node
// This file must parse on old versions of Node, so that they can say what they lack: no syntax younger than Node 12.
const needed = 24;
const major = Number(process.versions.node.split(".")[0]);

function refuse(lines) {
  process.stderr.write(lines.join("\n") + "\n");
  process.exitCode = 64;
}

if (process.platform === "win32") {
  refuse([
    "mahavishnu: Windows is not supported; Linux and macOS are.",
    "  On Windows, run it inside WSL: https://learn.microsoft.com/windows/wsl/install",
  ]);
} else if (!(major >= needed)) {
  refuse([
    "mahavishnu: needs Node " +
      needed +
      " or newer; this is Node " +
      process.versions.node +
      " (" +
      process.execPath +
      ").",
    "  Get it from https://nodejs.org/en/download or with a version manager: nvm install " +
      needed +
      ", fnm install " +
      needed,
  ]);
} else {
  // What V8 has made of dist/, kept beside it: a tenth of the time of a short command. Where nobody may write there, Node does without.
  const { fileURLToPath } = process.getBuiltinModule("node:url");
  process.getBuiltinModule("node:module").enableCompileCache(fileURLToPath(new URL("../.cache", import.meta.url)));
  import("../dist/main.js").catch(function (error) {
    if (error.code !== "ERR_MODULE_NOT_FOUND" || !/dist[\\/]main\.js'/.test(error.message)) throw error;
    process.stderr.write("mahavishnu: dist/ is missing in this checkout. Run: npm ci (or npm run build)\n");
    process.exitCode = 70;
  });
}
