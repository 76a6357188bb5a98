import { listMissingFields } from "../../../config/missing-fields.ts";
import type { CheckDefinition } from "../../definition.ts";
import { failWith, readConfigState } from "./config-problems.ts";

/** Everything that has to be said is said. */
export const cfg001: CheckDefinition = {
  id: "CFG001",
  title: "all required fields are present",
  kind: "check",
  category: "configuration",
  severity: "critical",
  verifies:
    "There is a configuration that can be read, and each key that is needed, by itself or because of another one, has a value.",
  how: {
    static:
      "loads all layers through the loader of every other command, and asks which keys other values make necessary",
  },
  advice: {
    text: "Write the missing key into mahavishnu.yaml, or set its variable.",
    command: "mahavishnu config validate",
  },
  static: async (context) => {
    const state = await readConfigState(context);
    if (state.loaded === undefined) {
      if (state.problems === undefined) {
        return { status: "fail", reason: state.error.message, remediation: { text: state.error.fix } };
      }
      const own = state.problems.filter(({ kind }) => kind === "missing" || kind === "unreadable");
      if (own.length === 0) return { status: "pass", reason: "no required field is missing" };
      const [first] = own;
      if (first?.kind !== "unreadable") return failWith(own);
      return { ...failWith(own), remediation: { text: "Correct the file at that place, so that it can be read." } };
    }
    const missing = listMissingFields(state.loaded.config);
    const [first] = missing;
    if (first === undefined) return { status: "pass", reason: "every required field has a value" };
    return {
      status: "fail",
      reason: missing.map(({ path, because }) => `${path} is missing, and ${because}`).join("; "),
      evidence: missing.map(({ path, because }) => ({ kind: "value", text: `${path}: needed because ${because}` })),
      remediation: {
        text: `Write it into ${state.loaded.shownFile}, or set ${first.variable}:`,
        command: first.example,
      },
      // The configuration loads all the same, so everything else can be looked at.
      goOn: true,
    };
  },
};
