import { type CommandPipe, makeCommandPipes } from "./command-pipe.ts";
import { Launcher } from "./launcher.ts";

/** Pipes are made by a process of its own: several at once cost as much as one. */
const pipesAtOnce = 8;

/** The launchers of this process: as many as commands run at once, each used again and again. */
export class Launchers {
  readonly #env: Readonly<Record<string, string>>;
  readonly #idle: Launcher[] = [];
  readonly #makePipes: typeof makeCommandPipes;
  #pipes: Promise<CommandPipe[] | null> | undefined;

  /**
   * @param env what every command inherits
   * @param makePipes for tests: null from it is what other systems have
   */
  constructor(env: Readonly<Record<string, string>>, makePipes = makeCommandPipes) {
    this.#env = env;
    this.#makePipes = makePipes;
  }

  /** One for a single command, to be given back after it. @throws SpawnError */
  async take(): Promise<Launcher> {
    for (;;) {
      const launcher = this.#idle.pop();
      if (launcher === undefined) return await Launcher.start(this.#env, await this.#takePipe());
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
    const pipes = this.#pipes;
    this.#pipes = undefined;
    await Promise.all(this.#idle.splice(0).map(async (launcher) => await launcher.end()));
    for (const pipe of (await pipes) ?? []) pipe.close();
  }

  async #takePipe(): Promise<CommandPipe | undefined> {
    for (;;) {
      const making = (this.#pipes ??= this.#makePipes(pipesAtOnce));
      const pipes = await making;
      if (pipes === null) return undefined;
      const pipe = pipes.pop();
      if (pipe !== undefined) return pipe;
      if (this.#pipes === making) this.#pipes = undefined;
    }
  }
}
