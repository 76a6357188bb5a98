import { describe, expect, it } from "vitest";
import { seededRandom } from "../../statistics.ts";
import { goodConfig, openCheckStage } from "../ask-check-fixture.ts";
import { mayHoldToken } from "./find-plain-text.ts";

/** Of the right form, and given out by nobody; put together so that no scanner finds them here. */
const slackHook = ["https://hooks.slack.com/services", "T0ABCDEFG", "B0HIJKLMN", "abcdefghij1234567890abcd"].join("/");
const awsKey = ["AWS_SECRET_ACCESS_KEY: wJalrXUtnFEMIK", "MDENGbPxRfiCYSAMPLEKEY123"].join("/");

describe("CFG010", () => {
  it.each([slackHook, awsKey])("asks secretlint about words with slashes too: %s", async (secret) => {
    await using stage = openCheckStage({ "mahavishnu.yaml": `${goodConfig}# ${secret}\n` });
    const [result] = await stage.ask("CFG010");
    expect(result).toMatchObject({
      status: "fail",
      reason: expect.stringMatching(/a secret \((?:slack|aws)\)/) as string,
    });
    expect(JSON.stringify(result)).not.toContain("abcdefghij1234567890abcd");
  });
});

describe("mayHoldToken", () => {
  it("is true for 199 of 200 random keys of base64, with slashes or without", () => {
    const random = seededRandom(7);
    const keys = Array.from({ length: 2_000 }, () =>
      Buffer.from(Array.from({ length: 30 }, () => Math.floor(random() * 256))).toString("base64"),
    ).filter((key) => key.includes("/") && /\d.*\d.*\d/.test(key));
    expect(keys.length).toBeGreaterThan(500);
    expect(keys.filter((key) => mayHoldToken(`key: ${key}`)).length).toBeGreaterThan(keys.length * 0.995);
  });

  it.each([
    "path: packages/team-identity/src/components/AuthenticationProvider2Factory",
    "uses: https://github.com/acme/gateway/blob/v1.2.345/src12/tools34/index5.ts",
    "image: registry.example.test/platform/node24/runner-2024.11.03",
    "file: /run/secrets/2024/11/23/gateway-token",
    "select: tag:team/edge/region1/zone2/cell3",
  ])("is false for %s", (text) => {
    expect(mayHoldToken(text)).toBe(false);
  });
});
