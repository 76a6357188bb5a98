import { expect, it } from "vitest";
import type { ListRunsInput, RunPage } from "../app/use-cases/runs.ts";
import { collectRuns } from "./collect-runs.ts";
import type { Door } from "./door.ts";

/** A door behind which these pages are. */
function doorOf(pages: readonly (readonly [ids: readonly string[], nextCursor: string | null])[]): {
  door: Pick<Door, "perform">;
  asked: ListRunsInput[];
} {
  const asked: ListRunsInput[] = [];
  const perform = async (_useCase: unknown, input: unknown): Promise<unknown> => {
    const [ids, nextCursor] = pages[asked.push(input as ListRunsInput) - 1] ?? [[], null];
    return await Promise.resolve({ items: ids.map((id) => ({ id })), nextCursor });
  };
  return { door: { perform } as Pick<Door, "perform">, asked };
}

const told = ({ items, nextCursor }: RunPage): unknown => [items.map(({ id }) => id), nextCursor];

it("goes on over short and empty pages until it has what was asked for", async () => {
  const { door, asked } = doorOf([
    [["a"], "90"],
    [[], "80"],
    [["b", "c"], "70"],
  ]);
  expect(told(await collectRuns(door, { filter: "state:failed", limit: 3 }))).toEqual([["a", "b", "c"], "70"]);
  expect(asked).toEqual([
    { limit: 3, filter: "state:failed" },
    { limit: 2, filter: "state:failed", cursor: "90" },
    { limit: 2, filter: "state:failed", cursor: "80" },
  ]);
});

it("ends where there are no more", async () => {
  const { door, asked } = doorOf([
    [["a"], "90"],
    [["b"], null],
  ]);
  expect(told(await collectRuns(door, { state: ["failed"], workflow: "w", cursor: "99" }))).toEqual([["a", "b"], null]);
  expect(asked[0]).toEqual({ limit: 20, states: ["failed"], workflow: "w", cursor: "99" });
});
