import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  ForbiddenAddressError,
  isForbiddenAddress,
  lookupAllowed,
  refuseForbiddenHost,
} from "./forbidden-addresses.ts";

describe("forbidden addresses", () => {
  it("are refused as the host of a URL", () => {
    expect(() => refuseForbiddenHost(new URL("http://169.254.169.254/latest"))).toThrow(
      "169.254.169.254 is link-local or a metadata service of a cloud",
    );
    expect(() => refuseForbiddenHost(new URL("http://[fe80::1]/"))).toThrow(ForbiddenAddressError);
    expect(() => refuseForbiddenHost(new URL("http://127.0.0.1/"))).not.toThrow();
  });

  it("are refused when a name leads to them, and other names are resolved", async () => {
    const resolve = (name: string, all: boolean): Promise<unknown> =>
      new Promise((done) => lookupAllowed(name, { all }, (error, address) => done(error ?? address)));
    // The resolver hands addresses through, as it would hand out what a hostile name server says.
    expect(await resolve("169.254.169.254", true)).toBeInstanceOf(ForbiddenAddressError);
    expect(await resolve("127.0.0.1", false)).toBe("127.0.0.1");
    expect(await resolve("127.0.0.1", true)).toEqual([{ address: "127.0.0.1", family: 4 }]);
    expect(await resolve("name.invalid", true)).toBeInstanceOf(Error);
  });

  it("are known in every writing of IPv6 that carries IPv4", () => {
    const octet = fc.nat(255);
    fc.assert(
      fc.property(octet, octet, fc.constantFrom("::ffff:", "64:ff9b::", "::", "::ffff:0:"), (c, d, prefix) => {
        expect(isForbiddenAddress(`${prefix}169.254.${c}.${d}`)).toBe(true);
        expect(isForbiddenAddress(`${prefix}169.253.${c}.${d}`)).toBe(false);
      }),
      { numRuns: 100 },
    );
  });

  it.each(["fd00:ec2::254", "fd00:ec2::23", "fd20:ce::254", "fd00:c1::a9fe:a9fe", "fd00:42::42", "fe80::a9fe:a9fe"])(
    "are %s too, where clouds hand out credentials over IPv6",
    (address) => {
      expect(isForbiddenAddress(address)).toBe(true);
      expect(() => refuseForbiddenHost(new URL(`http://[${address}]/`))).toThrow(ForbiddenAddressError);
    },
  );

  it("are refused however a URL writes them", () => {
    for (const host of [
      "2852039166",
      "0xA9FEA9FE",
      "0251.0376.0251.0376",
      "169.254.43518",
      "[::ffff:a9fe:a9fe]",
      "①⑥⑨.254.169.254",
    ]) {
      expect(() => refuseForbiddenHost(new URL(`http://${host}/`))).toThrow(ForbiddenAddressError);
    }
  });

  it("leave the rest of the world alone", () => {
    for (const address of [
      "127.0.0.1",
      "::1",
      "10.0.0.1",
      "192.168.1.1",
      "1.1.1.1",
      "2606:4700::1111",
      "fd00::1",
      "169.253.1.1",
      "no address",
    ]) {
      expect(isForbiddenAddress(address)).toBe(false);
    }
    expect(isForbiddenAddress("fe80::1%eth0")).toBe(true);
  });
});
