import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadConfig } from "../../config/load-config.ts";
import { withWorkspace } from "../../config/workspace-fixture.ts";
import { openApp } from "../open-app.ts";
import { perform } from "../perform.ts";
import { readConfig, validateConfig } from "./config.ts";

const config = [
  "version: 1",
  "auth: { secret: '${env:AUTH}' }",
  "secrets: { PLAIN: hunter2hunter2, FILE: '${file:token}', GONE: '${env:GONE}' }",
  "",
].join("\n");

describe("documents of the configuration", () => {
  it("are plain JSON that holds no secret, wherever it comes from", async () => {
    await withWorkspace({ "mahavishnu.yaml": config }, async (workspace) => {
      await writeFile(join(workspace, "token"), "filetoken-value", { mode: 0o600 });
      const env = { AUTH: "authsecret-value", MAHAVISHNU_SECRETS__VAR: "vartoken-value" };
      await using app = openApp({ loaded: await loadConfig({ workspace, env, set: [] }), env });
      const documents = [await perform(app, readConfig, {}), await perform(app, validateConfig, {})];
      for (const document of documents) {
        expect(JSON.parse(JSON.stringify(document))).toEqual(document);
        expect(JSON.stringify(document)).not.toMatch(/hunter2|filetoken|authsecret|vartoken/);
      }
      expect(documents[0]).toMatchObject({ file: "mahavishnu.yaml", digest: documents[1]?.digest });
      expect(documents[1]).toMatchObject({
        valid: false,
        remarks: [
          { severity: "error", path: "secrets.GONE", diagnostic: { file: "mahavishnu.yaml", line: 3 } },
          { severity: "warning", path: "secrets.PLAIN", diagnostic: null },
        ],
      });
    });
  });
});
