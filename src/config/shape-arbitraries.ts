import * as fc from "fast-check";
import { parseDuration } from "../lib/duration.ts";
import type { Shape } from "./shape.ts";

const textSamples = [
  "user:dana",
  "group:platform",
  "viewer",
  "operator",
  "sqlite:state.db",
  "sqlite:/srv/a b/state.db",
  "https://id.example.test/realms/a",
  "https://ops.example.test",
  "10.0.4.0/24",
  "fd00::5",
  "ops@example.test",
];

/** Valid values of a shape, as one writes them in YAML. */
export function valuesOf(shape: Shape): fc.Arbitrary<unknown> {
  switch (shape.kind) {
    case "boolean":
      return fc.boolean();
    case "number":
      return fc.integer({ min: shape.min, max: shape.max ?? 1_000_000 });
    case "choice":
      return fc.constantFrom(...shape.values);
    case "duration":
      return fc
        .tuple(fc.integer({ min: 1, max: 60 }), fc.constantFrom("s", "m", "h"))
        .map((parts) => parts.join(""))
        .filter((text) => (parseDuration(text) ?? 0) <= shape.max && (parseDuration(text) ?? 0) >= shape.min);
    case "size":
      return fc.integer({ min: 1, max: 60 }).map((n) => `${n}MiB`);
    case "secret":
      return fc.stringMatching(/^\$\{env:[A-Z_]{1,9}\}$/);
    case "scope":
      return fc.constantFrom("tag:a", "role:b && !name:c*", "@web");
    case "text":
      return fc.constantFrom(...textSamples.filter((sample) => new RegExp(shape.pattern).test(sample)));
    case "path":
      return fc.stringMatching(/^[./][\w./ -]{0,9}$/);
    case "list":
      return fc.array(valuesOf(shape.item), { maxLength: 3 });
    case "map":
    case "record":
      return fc.record(
        Object.fromEntries(
          shape.kind === "record" ? [] : Object.entries(shape.keys).map(([key, child]) => [key, valuesOf(child)]),
        ),
        {
          requiredKeys:
            shape.kind === "record" ? [] : Object.keys(shape.keys).filter((key) => isRequired(shape.keys[key])),
        },
      );
  }
}

function isRequired(shape: Shape | undefined): boolean {
  return shape?.fallback === undefined && shape?.optional !== true;
}
