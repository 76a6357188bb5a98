import fc from "fast-check";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { makeFolder, writeFiles } from "../../test/support/git-fixture.ts";
import { MahavishnuError } from "../lib/errors.ts";
import { loadManifest } from "./load-manifest.ts";
import type { Fleet } from "./types.ts";

const numRuns = Number(process.env["FUZZ_RUNS"] ?? 100);

/** Loads `repos.yaml` among the files. */
async function load(files: Readonly<Record<string, string>>): Promise<Fleet> {
  using folder = makeFolder();
  writeFiles(folder.path, files);
  const fleet = await loadManifest({ file: folder.join("repos.yaml"), home: "/home/ann" });
  // Paths without the temporary folder, so that tests can name them.
  return JSON.parse(JSON.stringify(fleet, replaceMaps).replaceAll(folder.path, "/fleet")) as Fleet;
}

function replaceMaps(_key: string, value: unknown): unknown {
  return value instanceof Map ? Object.fromEntries(value) : value;
}

/** The message of the error that loading ends with. */
async function problemOf(files: Readonly<Record<string, string>> | string): Promise<string> {
  const error = await load(typeof files === "string" ? { "repos.yaml": files } : files).then(
    () => new Error("loaded"),
    (thrown: unknown) => thrown,
  );
  if (error instanceof MahavishnuError && error.code === "USER_FILE_INVALID" && error.exitCode === 1)
    return error.message;
  throw error;
}

describe("loadManifest", () => {
  it("reads the example of the reference", async () => {
    const fleet = await load({
      "repos.yaml": [
        "version: 1",
        "root: ~/src/acme",
        "roles:",
        "  library: { description: published packages }",
        "  service: { description: deployed processes, limits: { timeout: 30m } }",
        "repos:",
        "  auth-lib: { role: library, tags: [lang/ts, team/identity] }",
        "  gateway:",
        "    url: git@git.example.test:acme/gateway.git",
        "    path: edge/gateway",
        "    branch: main",
        "    role: service",
        "    tags: [lang/ts, team/edge, tier/1, lang/ts]",
        "    needs: [auth-lib]",
        '    env: { PORT: "8080" }',
        "  legacy-billing: { role: service, tags: [lang/java, frozen], optional: true }",
        "  plain:",
        "selectors:",
        "  tsServices: role:service && tag:lang/ts && !tag:frozen",
      ].join("\n"),
    });
    expect(fleet).toMatchObject({
      file: "repos.yaml",
      root: "/home/ann/src/acme",
      allowedRoots: ["/home/ann/src/acme"],
      roles: { library: { name: "library", description: "published packages" }, service: { timeoutMs: 1_800_000 } },
      selectors: { tsServices: "role:service && tag:lang/ts && !tag:frozen" },
    });
    expect(fleet.repositories).toEqual([
      {
        name: "auth-lib",
        index: 0,
        path: "/home/ann/src/acme/auth-lib",
        role: "library",
        tags: ["lang/ts", "team/identity"],
        needs: [],
        optional: false,
        env: {},
        place: { file: "repos.yaml", line: 7 },
      },
      {
        name: "gateway",
        index: 1,
        path: "/home/ann/src/acme/edge/gateway",
        url: "git@git.example.test:acme/gateway.git",
        branch: "main",
        role: "service",
        tags: ["lang/ts", "team/edge", "tier/1"],
        needs: ["auth-lib"],
        optional: false,
        env: { PORT: "8080" },
        place: { file: "repos.yaml", line: 8 },
      },
      expect.objectContaining({
        name: "legacy-billing",
        index: 2,
        optional: true,
        place: { file: "repos.yaml", line: 16 },
      }),
      expect.objectContaining({
        name: "plain",
        index: 3,
        tags: [],
        path: "/home/ann/src/acme/plain",
        place: { file: "repos.yaml", line: 17 },
      }),
    ]);
  });

  it("keeps the order of the file, also for names that look like numbers", async () => {
    const { repositories } = await load({ "repos.yaml": 'version: 1\nrepos: { b: {}, "7": {}, a: {}, 3: {} }\n' });
    expect(repositories.map(({ name, index }) => `${index} ${name}`)).toEqual(["0 b", "1 7", "2 a", "3 3"]);
  });

  it("takes an anchor for the whole list", async () => {
    const { repositories } = await load({ "repos.yaml": "version: 1\nrepos: { a: &x { tags: [t] }, b: *x }\n" });
    expect(repositories.map(({ tags }) => tags)).toEqual([["t"], ["t"]]);
  });

  it("reads imports in order, each once, with their origin and root", async () => {
    const fleet = await load({
      "repos.yaml":
        "version: 1\nroles: { lib: {} }\nrepos: { first: {} }\nimport: [./teams/*.repos.yaml, ./own.yaml, ./teams/b.repos.yaml]\n",
      "teams/b.repos.yaml": "version: 1\nrepos:\n  b: { needs: [a, first] }\nimport: [../own.yaml]\n",
      "teams/a.repos.yaml": "version: 1\nrepos:\n\n  a: { role: lib, path: x/a }\nselectors: { libs: role:lib }\n",
      "own.yaml": "version: 1\nroot: ./moved\nrepos: { own: {} }\nselectors: { all: '@libs || name:own' }\n",
    });
    expect(fleet.repositories.map(({ name, path, place }) => [name, path, `${place.file}:${place.line}`])).toEqual([
      ["first", "/fleet/first", "repos.yaml:3"],
      ["a", "/fleet/x/a", "teams/a.repos.yaml:4"],
      ["b", "/fleet/b", "teams/b.repos.yaml:3"],
      ["own", "/fleet/moved/own", "own.yaml:3"],
    ]);
    expect(Object.keys(fleet.selectors)).toEqual(["libs", "all"]);
    expect(fleet.allowedRoots).toEqual(["/fleet"]);
  });

  it.each([
    ["version: 1\nrepos: { a: { role: servce } }\nroles: { service: {} }", 'repos.yaml:2:21  unknown role "servce"'],
    ["version: 1\nrepos: { a: { role: x } }", "no roles are declared"],
    ["version: 1\nrepos: { gateway: {}, b: { needs: [gatway] } }", 'repos.yaml:2:36  unknown repository "gatway"'],
    [
      "version: 1\nrepos: { a: { needs: [b] }, b: { needs: [c] }, c: { needs: [a] } }",
      "needs form a circle: a -> b -> c -> a",
    ],
    ["version: 1\nrepos: { a: { needs: [a] } }", "needs form a circle: a -> a"],
    ["version: 1\nselectors: { x: 'role:nobody' }", 'repos.yaml:2:23  unknown role "nobody"'],
    ["version: 1\nselectors: { x: '@yy', yyy: dirty }", 'repos.yaml:2:18  unknown selector "@yy"'],
    ["version: 1\nselectors: { a: '@b', b: '@a' }", "named selectors form a circle: @a -> @b -> @a"],
    ["version: 1\nselectors: { a: 'dirty &&' }", "repos.yaml:2:25  a term is missing at the end"],
    ["version: 1\nselectors: { a: 'needs:nobody' }", 'unknown repository "nobody"'],
    ["version: 2", "repos.yaml:1:10"],
    ["repos: {}", '"version" is required here'],
    ["", "must be a map, but it is empty"],
    ["[]", "repos.yaml:1:1"],
    ["version: 1\nrepo: {}", 'unknown key "repo"'],
    ["version: 1\nrepos: { a: { tag: [x] } }", 'did you mean "tags"?'],
    ["version: 1\nrepos: { a: {}, a: {} }", "this key stands twice"],
    ["version: 1\nrepos: { Api: {}, api: {} }", 'differs from "Api" only in upper and lower case'],
    ["version: 1\nrepos: { a: { env: { PORT: 80 } } }", "put it in quotes"],
    ["version: 1\nrepos: { a: { env: { MAHAVISHNU_X: 'x' } } }", "belong to the product"],
    ["version: 1\nrepos: { a: { env: { 1X: 'x' } } }", "a variable is letters"],
    ["version: 1\nrepos: { a: { tags: [a b] } }", "a tag is letters"],
    ["version: 1\nrepos: { a: { branch: -x } }", "cannot be the name of a branch"],
    ["version: 1\nrepos: { a: { url: 'ext::sh -c id' } }", "ext:: makes git run a command"],
    ["version: 1\nrepos: { a: { url: --upload-pack=x } }", "as an option"],
    ["version: 1\nroles: { a: { limits: { timeout: 30 } } }", "a duration needs a unit"],
    ["version: 1\nroles: { a: { limits: { timeout: 0s } } }", "at least"],
    ["version: 1\nroles: { a: { approval: [x] } }", '"approval" is not built yet'],
    ["version: 1\nroles: { a: { limits: { retry: {} } } }", '"retry" is not built yet'],
    ["version: 1\nsources: []", '"sources" is not built yet'],
    ["version: 1\nimport: [none.yaml]", "repos.yaml:2:10  none.yaml cannot be imported: there is no such file"],
    ["version: 1\nimport: ['*.repos.yaml']", 'no file matches "*.repos.yaml"'],
    ["version: 1\nimport: [repos.yaml]", "imports form a circle: repos.yaml -> repos.yaml"],
    ["version: 1\nrepos: { __proto__: {} }", '"__proto__" cannot be a name'],
    ["version: 1\nroles: { __proto__: {} }", '"__proto__" cannot be a name'],
    ['version: 1\nrepos: { a: { path: "x\\0y" } }', "NUL"],
    ["version: 1\nrepos: [a, b]", '"repos" must be a map'],
    ["version: 1\nroot: ''", '"root" must not be empty'],
  ])("refuses %j", async (text, expected) => {
    expect(await problemOf(text)).toContain(expected);
  });

  it.each(["-x", ".hidden", "..", "a..b", "a/b", "a b", "a.lock", "a.", "ö", "a$(x)", "a;b", "", "a".repeat(101)])(
    "refuses %j as a name",
    async (name) => {
      expect(await problemOf(`version: 1\nrepos: { ${JSON.stringify(name)}: {} }`)).toContain(
        "the name of a repository is",
      );
    },
  );

  it("shows a wrong role as the design does", async () => {
    const text = "version: 1\nroles:\n  service: {}\nrepos:\n  gateway:\n    role: servce\n";
    expect(await problemOf(text)).toBe(
      [
        'repos.yaml:6:11  unknown role "servce"',
        "    6 |     role: servce",
        '      |           ^^^^^^ did you mean "service"?  Roles are declared under roles: (repos.yaml:3).',
      ].join("\n"),
    );
  });

  it("tells everything that is wrong at once", async () => {
    const message = await problemOf(
      "version: 1\nrepos: { a: { role: x, needs: [b] }, c: { needs: [d] } }\nselectors: { s: '@t' }",
    );
    expect(message.split("\n\n")).toHaveLength(4);
  });

  it("names both places of a name that stands in two files", async () => {
    const files = {
      "repos.yaml":
        "version: 1\nroles: { r: {} }\nrepos:\n  a: {}\n  b: {}\nselectors: { s: dirty }\nimport: [two.yaml]\n",
      "two.yaml": "version: 1\nroles: { r: {} }\nrepos: { b: {} }\nselectors: { s: ahead }\n",
    };
    const message = await problemOf(files);
    expect(message).toContain('two.yaml:2:10  role "r" is already declared in repos.yaml:2');
    expect(message).toContain('two.yaml:3:10  repository "b" is already declared in repos.yaml:5');
    expect(message).toContain('two.yaml:4:14  selector "s" is already declared in repos.yaml:6');
  });

  it("prints the circle of imports", async () => {
    const files = {
      "repos.yaml": "version: 1\nimport: [a/one.yaml]\n",
      "a/one.yaml": "version: 1\nimport: [two.yaml]\n",
      "a/two.yaml": "version: 1\nimport: [../repos.yaml]\n",
    };
    expect(await problemOf(files)).toContain(
      "a/two.yaml:2:10  imports form a circle: repos.yaml -> a/one.yaml -> a/two.yaml -> repos.yaml",
    );
  });

  it("sees a circle through a symbolic link", async () => {
    using folder = makeFolder();
    writeFiles(folder.path, { "repos.yaml": "version: 1\nimport: [b.yaml]\n" });
    symlinkSync("repos.yaml", folder.join("b.yaml"));
    await expect(loadManifest({ file: folder.join("repos.yaml") })).rejects.toThrow("imports form a circle");
  });

  it("refuses files that are not there, folders, pipes and other encodings", async () => {
    using folder = makeFolder();
    mkdirSync(folder.join("folder"));
    execFileSync("mkfifo", [folder.join("pipe")]);
    writeFileSync(folder.join("latin1"), Buffer.from([0x76, 0xff]));
    for (const [name, reason] of [
      ["none", "no such file"],
      ["folder", "a folder"],
      ["pipe", "regular file"],
      ["latin1", "UTF-8"],
    ] as const) {
      await expect(loadManifest({ file: folder.join(name) })).rejects.toThrow(reason);
    }
  });

  it("takes the roots and the names of files that it is told", async () => {
    using folder = makeFolder();
    writeFiles(folder.path, {
      "fleet/repos.yaml": "version: 1\nrepos: { a: { path: /srv/a }, b: { path: ~/b }, c: { path: ../c } }\n",
    });
    const fleet = await loadManifest({
      file: folder.join("fleet/repos.yaml"),
      home: "/home/ann",
      allowedRoots: ["/srv"],
      base: folder.path,
    });
    expect(fleet).toMatchObject({ file: join("fleet", "repos.yaml"), allowedRoots: ["/srv"] });
    expect(fleet.repositories.map(({ path }) => path)).toEqual(["/srv/a", "/home/ann/b", folder.join("c")]);
  });

  it("meets any text with a fleet or an error that names places", { timeout: 20_000 + 20 * numRuns }, async () => {
    using folder = makeFolder();
    const file = folder.join("repos.yaml");
    const word = fc.constantFrom(
      "version: 1",
      "repos:",
      "  a:",
      "  b: {}",
      "    needs: [a]",
      "    role: x",
      "roles: {x: }",
      "selectors: {s: '@s'}",
      "import: [x]",
      "- ",
      "&x",
      "*x",
      "<<: *x",
      "!!binary x",
      "? [a]",
      "{",
      "\t",
      ": ",
      "\u0000",
      "__proto__:",
      "'",
      "1: 2",
    );
    const anyText = fc.oneof(
      fc.array(word, { maxLength: 12 }).map((lines) => lines.join("\n")),
      fc.string({ unit: "binary", maxLength: 80 }),
    );
    await fc.assert(
      fc.asyncProperty(anyText, async (text) => {
        writeFileSync(file, text);
        const outcome = await loadManifest({ file }).then(
          ({ repositories }) => repositories.every(({ name, index }, i) => index === i && name !== ""),
          (error: unknown) => error instanceof MahavishnuError && error.code === "USER_FILE_INVALID",
        );
        expect(outcome).toBe(true);
      }),
      { numRuns },
    );
  });
});

describe("paths from the home folder", () => {
  it("are refused where it is somebody else's, or not known", async () => {
    using folder = makeFolder();
    const text = "version: 1\nroot: ~ann/src\nrepos: { a: { path: ~bob/a } }\nimport: [~ann/more.yaml]\n";
    writeFiles(folder.path, { "repos.yaml": text, "own.yaml": "version: 1\nroot: ~/src\nrepos: { a: {} }\n" });
    const refused: unknown = await loadManifest({ file: folder.join("repos.yaml") }).catch((error: unknown) => error);
    expect(refused).toMatchObject({
      diagnostics: [
        { line: 2, column: 7 },
        { line: 3, column: 21 },
        { line: 4, column: 10 },
      ],
    });
    await expect(loadManifest({ file: folder.join("own.yaml"), home: "" })).rejects.toThrow("and HOME is empty");
  });
});
