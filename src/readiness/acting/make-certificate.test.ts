import { X509Certificate } from "node:crypto";
import { describe, expect, it } from "vitest";
import { makeUntrustedCertificate } from "./make-certificate.ts";

describe("makeUntrustedCertificate", () => {
  it("makes what Node reads as a certificate for this machine, signed by itself and valid now", () => {
    const { cert, key } = makeUntrustedCertificate();
    const read = new X509Certificate(cert);
    expect(read.checkIP("127.0.0.1")).toBe("127.0.0.1");
    expect(read.checkHost("localhost")).toBe("localhost");
    expect(read.checkHost("example.test")).toBeUndefined();
    expect(read.verify(read.publicKey)).toBe(true);
    expect(read.ca).toBe(true);
    expect(read.validFromDate.getTime()).toBeLessThan(Date.now());
    expect(read.validToDate.getTime()).toBeGreaterThan(Date.now());
    expect(key).toContain("PRIVATE KEY");
  });

  it("makes another one each time", () => {
    expect(makeUntrustedCertificate().cert).not.toBe(makeUntrustedCertificate().cert);
  });
});
