import { Launcher } from "./launcher.ts";

/** The launchers of this process: as many as commands run at once, each used again and again. */
export class Launchers {
  readonly #env: Readonly<Record<string, string>>;
  readonly #idle: Launcher[] = [];

  /** @param env what every command inherits */
  constructor(env: Readonly<Record<string, string>>) {
    this.#env = env;
  }

  /** One for a single command, to be given back after it. @throws SpawnError */
  async take(): Promise<Launcher> {
    for (;;) {
      const launcher = this.#idle.pop();
      if (launcher === undefined) return await Launcher.start(this.#env);
      if (launcher.isReady) return launcher;
      await launcher.end();
    }
  }

  /** Keeps one whose command has ended, with nothing left of it; ends it when it can start no more. */
  async give(launcher: Launcher): Promise<void> {
    if (launcher.isReady) this.#idle.push(launcher);
    else await launcher.end();
  }

  /** Ends those that are not in use. */
  async end(): Promise<void> {
    await Promise.all(this.#idle.splice(0).map(async (launcher) => await launcher.end()));
  }
}
