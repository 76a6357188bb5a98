import type { CheckContext } from "../../context.ts";
import type { CheckDefinition } from "../../definition.ts";
import { redactUrl } from "../../../repositories/repository-url.ts";
import { needsConfig } from "../needs-config.ts";

/** Every connection is encrypted, and made to whom it seems to be made. */
export const sec005: CheckDefinition = {
  id: "SEC005",
  title: "every connection is encrypted",
  kind: "check",
  category: "security",
  severity: "critical",
  security: true,
  verifies:
    "No url of the manifest is read in plain text, nothing in the environment switches the check of certificates off, and every client of the product (http/request, git) refuses a certificate that nobody trusts.",
  how: {
    static: "looks at the urls of the manifest and at the variables that are known to switch the check off",
    live: "lets each client meet a server on this machine with an untrusted certificate, and then with one that it is told to trust",
  },
  advice: { text: "Use https or ssh, and leave the check of certificates on." },
  dependsOn: [...needsConfig, "RPO005"],
  timeoutMs: 60_000,
  expectedMs: 2_500,
  static: async (context) => {
    const found = [...findSwitches(context), ...(await findPlainUrls(context))];
    const [first] = found;
    if (first === undefined) {
      return {
        status: "pass",
        reason: "no url is read in plain text, and nothing switches the check of certificates off",
      };
    }
    return {
      status: "fail",
      reason: found.map(({ text }) => text).join("; "),
      evidence: found.map(({ text }) => ({ kind: "value", text })),
      remediation: { text: first.fix },
    };
  },
  live: async (context) => await (await import("./meet-untrusted-server.ts")).meetUntrustedServer(context),
};

interface Finding {
  readonly text: string;
  readonly fix: string;
}

function findSwitches({ environment }: CheckContext): readonly Finding[] {
  const findings: Finding[] = [];
  if (environment["NODE_TLS_REJECT_UNAUTHORIZED"] === "0") {
    findings.push({
      text: "NODE_TLS_REJECT_UNAUTHORIZED is 0",
      fix: "Name the missing authority in NODE_EXTRA_CA_CERTS.",
    });
  }
  // Git counts every value as yes, also an empty one.
  if (environment["GIT_SSL_NO_VERIFY"] !== undefined) {
    findings.push({ text: "GIT_SSL_NO_VERIFY is set", fix: "Name the missing authority in GIT_SSL_CAINFO." });
  }
  return findings;
}

/** On this machine itself nobody listens in. */
const loopback = /^(localhost|127(\.\d+){3}|\[::1\])$/;

async function findPlainUrls(context: CheckContext): Promise<readonly Finding[]> {
  const { repositories } = await context.fleet();
  return repositories.flatMap(({ name, url }) => {
    const parsed = url === undefined ? null : URL.parse(url);
    if (parsed === null || !["http:", "git:"].includes(parsed.protocol) || loopback.test(parsed.hostname)) return [];
    const fix = "Write the url with https: or ssh: in the manifest.";
    return [{ text: `${name} is read in plain text from ${redactUrl(url ?? "")}`, fix }];
  });
}
