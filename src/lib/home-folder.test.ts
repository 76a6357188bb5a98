import { describe, expect, it } from "vitest";
import { expandHome } from "./home-folder.ts";

describe("expandHome", () => {
  it("puts the home folder where ~ stands, and leaves other paths", () => {
    expect(expandHome("~", "/home/ann")).toBe("/home/ann");
    expect(expandHome("~/src/a", "/home/ann")).toBe("/home/ann/src/a");
    for (const path of ["src", "./~ann", "/srv/~", "a/~/b"]) expect(expandHome(path, "")).toBe(path);
  });

  it("refuses to guess where a home folder is", () => {
    expect(() => expandHome("~/src", "")).toThrow("the path ~/src starts at the home folder, and HOME is empty");
    expect(() => expandHome("~", "here")).toThrow("HOME is no absolute path: here");
    expect(() => expandHome("~nobody/src", "/home/ann")).toThrow("the path ~nobody/src: ~ stands for your own home");
  });
});
