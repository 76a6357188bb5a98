import fc from "fast-check";
import { expect, it } from "vitest";
import { negotiateExposition } from "./negotiate-exposition.ts";

// What Prometheus 2.53 and 3 send, with and without its own binary form.
const prometheus2 =
  "application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2";
const prometheus3 =
  "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5," +
  "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2";
const withBinary = `application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.7,${prometheus3}`;

it.each([
  [undefined, "text"],
  ["", "text"],
  ["*/*", "text"],
  ["text/plain", "text"],
  ["text/*", "text"],
  ["application/*", "text"],
  ["application/json", "text"],
  [prometheus2, "openmetrics"],
  [prometheus3, "openmetrics"],
  [withBinary, "openmetrics"],
  ["application/openmetrics-text", "openmetrics"],
  ["Application/OpenMetrics-Text; Version=1.0.0; charset=utf-8", "openmetrics"],
  ['application/openmetrics-text; version="1.0.0"', "openmetrics"],
  ["application/openmetrics-text;version=0.0.1", "text"],
  ["application/openmetrics-text;version=2.0.0, */*;q=0.1", "text"],
  ["application/openmetrics-text;q=0", "text"],
  ["application/openmetrics-text;q=0.3, text/plain;q=0.7", "text"],
  ["application/openmetrics-text;q=0.7, text/plain;q=0.3", "openmetrics"],
  ["application/openmetrics-text;q=0.7, */*", "text"],
  ["application/openmetrics-text;q=0.7, */*;q=0.8, text/plain;q=0.3", "openmetrics"],
  ["text/plain;version=0.0.4, application/openmetrics-text", "openmetrics"],
  ["application/openmetrics-text;q=2, text/plain;q=0.1", "text"],
] as const)("answers %j with %s", (accept, form) => {
  expect(negotiateExposition(accept)).toBe(form);
});

it("gives an answer to anything", () => {
  const part = fc.oneof(
    fc.string(),
    fc.constantFrom("application/openmetrics-text", "text/plain", "*/*", ";q=", ",", ";", "version=1.0.0", "0.5", '"'),
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 20 }), (parts) => {
      expect(["text", "openmetrics"]).toContain(negotiateExposition(parts.join("")));
    }),
    { numRuns: Number(process.env["FUZZ_RUNS"] ?? 100) },
  );
});
