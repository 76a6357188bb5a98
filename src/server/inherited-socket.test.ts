import { spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ServedWorkspace, ServeProcess, serveCommand, until } from "../../test/support/serve-process.ts";
import { findInheritedSocket } from "./inherited-socket.ts";

describe("findInheritedSocket", () => {
  it("takes what was meant for this process alone", () => {
    expect(findInheritedSocket({ LISTEN_PID: "7", LISTEN_FDS: "1" }, 7)).toBe(3);
    expect(findInheritedSocket({ LISTEN_PID: "7", LISTEN_FDS: "1" }, 8)).toBeNull();
    expect(findInheritedSocket({}, 7)).toBeNull();
    expect(() => findInheritedSocket({ LISTEN_PID: "7", LISTEN_FDS: "2" }, 7)).toThrow("2 sockets were handed over");
  });
});

/** Holds the socket as systemd does, taking no connection itself: a server, and when that has ended and `next` is there, another one. */
const holder = `
sh -c 'LISTEN_PID=$$ LISTEN_FDS=1 exec "$@"' sh "$@" &
echo "pid $!"
wait
echo ended
until test -e "$NEXT"; do sleep 0.05; done
LISTEN_PID=$$ LISTEN_FDS=1 exec "$@"`;

describe("a server whose socket is handed over", () => {
  const socket = createServer();
  let workspace: ServedWorkspace;
  let port = 0;

  function start(script: string): ServeProcess {
    const words = [process.execPath, serveCommand, "-C", workspace.folder, "serve", "-o", "ndjson"];
    const { fd } = (socket as unknown as { readonly _handle: { readonly fd: number } })._handle;
    const env = { ...workspace.env, NEXT: workspace.path("next") };
    const stdio = ["ignore", "pipe", "pipe", fd] as const;
    return new ServeProcess(spawn("/bin/sh", ["-c", script, "sh", ...words], { env, stdio: [...stdio] }));
  }

  beforeAll(async () => {
    socket.listen(0, "127.0.0.1");
    await once(socket, "listening");
    ({ port } = socket.address() as AddressInfo);
    workspace = new ServedWorkspace({ port, drain: "1s" });
  });

  afterAll(() => {
    socket.close();
    workspace[Symbol.dispose]();
  });

  it("is refused when it listens elsewhere than the configuration says, by which it was judged to be safe", async () => {
    const other = port === 1_024 ? 1_025 : 1_024;
    workspace.write("mahavishnu.local.yaml", JSON.stringify({ version: 1, server: { port: other } }));
    await using server = start('LISTEN_PID=$$ LISTEN_FDS=1 exec "$@"');
    expect(await server.exit()).toBe(1);
    expect(server.stdout + server.stderr).toContain(
      `listens at 127.0.0.1:${port}, and the configuration says 127.0.0.1:${other}`,
    );
    rmSync(workspace.path("mahavishnu.local.yaml"));
  });

  it("refuses no connection while one server stops and the next one starts", async () => {
    await using held = start(holder);
    await until(() => held.stdout.includes("ready"));
    socket.close();
    expect((await fetch(`http://127.0.0.1:${port}/livez`)).status).toBe(200);
    process.kill(Number(/pid (\d+)/.exec(held.stdout)?.[1]), "SIGTERM");
    await until(() => held.stdout.includes("ended"));
    // Nobody answers now; whoever connects waits.
    const asked = fetch(`http://127.0.0.1:${port}/livez`);
    workspace.write("next");
    expect((await asked).status).toBe(200);
  });
});
