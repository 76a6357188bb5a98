/** The words that start the shipped CLI as a child process: `node`, `.../main.js`. */
export interface CliCommand {
  readonly file: string;
  readonly args: readonly string[];
}
