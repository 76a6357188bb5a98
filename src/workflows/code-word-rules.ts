/**
 * Gives the places of those words that are code, among the words after a program.
 *
 * @param begins Whether the program is known to be one: the first word, or behind one that starts another. A word in the middle
 * may be anything; only an option for code beside it tells a program then.
 */
export type Rule = (words: readonly string[], begins: boolean) => number[];

/** The value of an option: the next word, or what follows `=`. Of `bash -c -e CODE`, it is the next one that is no option. */
export function valueOf(option: RegExp): Rule {
  return (words) =>
    words.flatMap((word, index) => {
      const { name, isAssigned } = readOption(word);
      if (!option.test(name)) return [];
      if (isAssigned) return [index];
      const length = words.slice(index + 1).findIndex((next) => !/^[-+]./.test(next));
      return Array.from(
        { length: length === -1 ? words.length - index - 1 : length + 1 },
        (_, more) => index + 1 + more,
      );
    });
}

/** A word that begins with an option and goes on with its code: `-e1`. */
export function valueIn(beginning: RegExp): Rule {
  return (words) => words.flatMap((word, index) => (afterStart(word, beginning) ? [index] : []));
}

/** How a program reads its operands: what is neither an option nor the value of one. */
export interface OperandRule {
  /** By its place among the operands, from 0. */
  readonly isCode: (place: number) => boolean;
  /** Options that take the next word as their value. */
  readonly valued?: RegExp;
  /** Options beside which no operand is code. */
  readonly unless?: RegExp;
}

/** Operands. */
export function operand({ isCode, valued, unless }: OperandRule): Rule {
  return (words, begins) => {
    if (!begins) return [];
    const operands = listOperands(words, valued);
    const options = words.slice(0, operands[0] ?? words.length);
    if (unless !== undefined && options.some((word) => unless.test(word))) return [];
    return operands.filter((_, place) => isCode(place));
  };
}

/** An option whose value is `key=value`. */
export interface SettingRule {
  readonly option: RegExp;
  /** The beginning of a word that holds the option and its value. */
  readonly attached?: RegExp;
  readonly valued: RegExp;
  /** Keys whose values are commands. */
  readonly commands: RegExp;
}

/** Settings before the first operand, where the key is one for commands or an expression may choose it. */
export function setting({ option, attached, valued, commands }: SettingRule): Rule {
  return (words) => {
    const [end = words.length] = listOperands(words, valued);
    return words.slice(0, end).flatMap((word, index) => {
      const { name, isAssigned } = readOption(word);
      const isNext = option.test(name) && !isAssigned;
      const value = isNext
        ? words[index + 1]
        : option.test(name)
          ? word.slice(name.length + 1)
          : afterStart(word, attached);
      if (value === undefined) return [];
      const key = /^\s*([^=\s]+)[=\s]/.exec(value.split("${{", 1)[0] ?? "")?.[1];
      return key === undefined || commands.test(key) ? [isNext ? index + 1 : index] : [];
    });
  };
}

function afterStart(word: string, start: RegExp | undefined): string | undefined {
  const found = start?.exec(word)?.[0];
  return found === undefined ? undefined : word.slice(found.length);
}

/** `--name=value` or `--name`. */
function readOption(word: string): { readonly name: string; readonly isAssigned: boolean } {
  const name = /^(--[^=]+)=/.exec(word)?.[1];
  return { name: name ?? word, isAssigned: name !== undefined };
}

/** Places of the words that are neither options nor values of options; all after `--`. */
function listOperands(words: readonly string[], valued: RegExp | undefined): number[] {
  const operands: number[] = [];
  let onlyOperands = false;
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? "";
    if (onlyOperands || !/^-./.test(word)) operands.push(index);
    else if (word === "--") onlyOperands = true;
    else if (valued?.test(word) === true) index += 1;
  }
  return operands;
}
