import type { CheckDefinition } from "../../definition.ts";
import { needsConfig } from "../needs-config.ts";

/** Variables that switch a protection off for every program of this process. */
const dangerous: readonly { readonly name: string; readonly when: (value: string) => boolean; readonly why: string }[] =
  [
    { name: "NODE_TLS_REJECT_UNAUTHORIZED", when: (value) => value === "0", why: "certificates are not verified" },
    {
      name: "GIT_SSL_NO_VERIFY",
      when: (value) => !["", "0", "false"].includes(value),
      why: "git does not verify certificates",
    },
    { name: "NODE_OPTIONS", when: (value) => /(^|\s)--inspect/.test(value), why: "a debugger can be attached" },
  ];

/** Nothing is switched on that belongs to development alone. */
export const cfg012: CheckDefinition = {
  id: "CFG012",
  title: "no development mode is on",
  kind: "check",
  category: "configuration",
  severity: { development: "info", production: "critical" },
  verifies: "The configuration is not that of a developer's machine, and the environment switches no protection off.",
  how: { static: "looks at the profile of the configuration and at variables that weaken Node or git" },
  advice: { text: "Take the named setting out of what runs in production." },
  dependsOn: needsConfig,
  static: async (context) => {
    if (context.profile === "development") {
      return { status: "notApplicable", reason: "the profile is development" };
    }
    const { config } = await context.config();
    const found = [
      ...(config.profile === "development" ? ["profile: development is set in the configuration"] : []),
      ...dangerous.flatMap(({ name, when, why }) =>
        when(context.environment[name] ?? "") ? [`${name} is set, so ${why}`] : [],
      ),
    ];
    if (found.length === 0)
      return { status: "pass", reason: "the profile is production and no protection is switched off" };
    return { status: "fail", reason: found.join("; "), evidence: found.map((text) => ({ kind: "value", text })) };
  },
};
