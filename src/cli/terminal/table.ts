import { cutLine, type Line, lineWidth, padLine, renderLine, span } from "./line.ts";
import type { Look } from "./look.ts";
import { displayWidth } from "./text-width.ts";

/** A column of a table. */
export interface Column {
  /** Left out: the table has no line of headings, unless another column has one. */
  readonly heading?: string;
  readonly align?: "left" | "right";
  /** Keeps its width while the other columns can give way: ids, states. */
  readonly whole?: boolean;
}

/** A table: rows of cells, each cell a line. */
export interface Table {
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly Line[])[];
  /** Spaces before each line. */
  readonly indent?: number;
}

const gap = 2;

/**
 * Lays a table out without borders: columns aligned, two spaces between them. Where it is wider than the terminal, the widest
 * column gives way first, down to the width of the others.
 *
 * @example
 * renderTable({ columns: [{}, {}], rows: [[["a"], ["b"]]] }, look); // ["a  b"]
 */
export function renderTable(table: Table, look: Look): string[] {
  const { columns, indent = 0 } = table;
  const headed = columns.some(({ heading }) => heading !== undefined);
  const headings = columns.map(({ heading }): Line => (heading === undefined ? [] : [span("faint", heading)]));
  const rows = headed ? [headings, ...table.rows] : table.rows;
  const natural = columns.map((_, index) => Math.max(0, ...rows.map((row) => lineWidth(row[index] ?? []))));
  // A column without any text takes no room, not even a gap.
  const shown = columns.map((_, index) => index).filter((index) => (natural[index] ?? 0) > 0);
  const room = look.width - indent - gap * Math.max(0, shown.length - 1);
  const widths = fitColumns(
    shown.map((index) => ({ width: natural[index] ?? 0, whole: columns[index]?.whole === true })),
    room,
  );
  return rows.map((row) => {
    const cells = shown.map((index, place) => {
      const width = widths[place] ?? 0;
      const cell = cutLine(row[index] ?? [], width, look);
      if (columns[index]?.align !== "right") return padLine(cell, width);
      return [" ".repeat(Math.max(0, width - lineWidth(cell))), ...cell];
    });
    const spaced = cells.flatMap((cell, place) => (place === 0 ? cell : [" ".repeat(gap), ...cell]));
    return renderLine([" ".repeat(indent), ...spaced], look);
  });
}

/** A column that has given way says something from this width on. */
const leastWidth = 4;

function fitColumns(columns: readonly { readonly width: number; readonly whole: boolean }[], room: number): number[] {
  const yielding = columns.filter(({ whole }) => !whole);
  const kept = columns.reduce((sum, { width, whole }) => sum + (whole ? width : 0), 0);
  if (room - kept < leastWidth * yielding.length)
    return shrinkWidest(
      columns.map(({ width }) => width),
      room,
    );
  const shrunk = shrinkWidest(
    yielding.map(({ width }) => width),
    room - kept,
  );
  return columns.map(({ width, whole }) => (whole ? width : (shrunk.shift() ?? 0)));
}

/** Columns that a table takes when nothing of it is cut. */
export function tableWidth({ columns, rows, indent = 0 }: Table): number {
  const widths = columns.map(({ heading = "" }, index) =>
    Math.max(displayWidth(heading), ...rows.map((row) => lineWidth(row[index] ?? []))),
  );
  const shown = widths.filter((width) => width > 0);
  return shown.reduce((sum, width) => sum + width, indent + gap * Math.max(0, shown.length - 1));
}

/**
 * Widths that together take at most `room`: the widest give way first, to a common level.
 *
 * @example
 * shrinkWidest([3, 20, 10], 20); // [3, 9, 8]
 */
export function shrinkWidest(widths: readonly number[], room: number): number[] {
  const total = widths.reduce((sum, width) => sum + width, 0);
  if (total <= room) return [...widths];
  const result = [...widths];
  let left = Math.max(0, Math.floor(room));
  // From the narrowest on: what takes less than its fair share keeps its width, the others share what is left.
  const order = widths.map((_, index) => index).toSorted((a, b) => (widths[a] ?? 0) - (widths[b] ?? 0));
  for (const [done, index] of order.entries()) {
    const share = Math.floor(left / (order.length - done));
    result[index] = Math.min(widths[index] ?? 0, share);
    left -= result[index] ?? 0;
  }
  return result;
}
