import { describe, expect, it } from "vitest";
import { stepBaseEnvironment } from "./step-base-environment.ts";

const env = {
  PATH: "/bin",
  HOME: "/home/dana",
  KEY: "hidden",
  EDITOR: "vi",
  MAHAVISHNU_TOKEN: "t",
  TRACEPARENT: "00-a",
  traceparent: "00-b",
  tracestate: "c",
  UNSET: undefined,
};

describe("stepBaseEnvironment", () => {
  it("hands on neither what is ours, nor secrets, nor a place in a trace that is not the step's", () => {
    const { PATH, HOME, EDITOR } = env;
    expect(stepBaseEnvironment(env, { mode: "inherit", hidden: ["KEY"] })).toEqual({ PATH, HOME, EDITOR });
    expect(stepBaseEnvironment(env, { mode: "minimal", hidden: ["HOME"] })).toEqual({ PATH });
  });
});
