import type { PlacedExplanation } from "./check-access.ts";
import type { Config } from "./schema.ts";

/** What is wrong with `webhooks` when all layers are taken together: what one leaves out another may give. */
export function checkWebhooks({ webhooks }: Config): PlacedExplanation[] {
  return [
    ...Object.entries(webhooks.incoming).flatMap(([name, hook]) =>
      listMissing("incoming", name, hook, ["workflow", "secret"]),
    ),
    ...Object.entries(webhooks.outgoing).flatMap(([name, hook]) =>
      listMissing("outgoing", name, hook, ["url", "secret"]),
    ),
  ];
}

function listMissing<Key extends string>(
  direction: "incoming" | "outgoing",
  name: string,
  hook: Readonly<Partial<Record<Key, unknown>>>,
  needed: readonly Key[],
): PlacedExplanation[] {
  const owner = ["webhooks", direction, name];
  return needed
    .filter((key) => hook[key] === undefined)
    .map((key) => {
      const message = `"${[...owner, key].join(".")}" is required here`;
      return { kind: "missing", path: owner, at: "key", message, owner };
    });
}
