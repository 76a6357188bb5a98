import { describe, expect, it } from "vitest";
import { permissions } from "./permissions.ts";
import { permissionsOf, roles } from "./roles.ts";

describe("roles", () => {
  it("have exactly these permissions", () => {
    const names = Object.keys(roles);
    const width = Math.max(...permissions.map((permission) => permission.length));
    const table = [
      `${" ".repeat(width)}  ${names.join("  ")}`,
      ...permissions.map((permission) => {
        const cells = names.map((name) => (permissionsOf(name).includes(permission) ? "yes" : "-").padEnd(name.length));
        return `${permission.padEnd(width)}  ${cells.join("  ")}`.trimEnd();
      }),
    ];
    expect(table.join("\n")).toMatchInlineSnapshot(`
      "                  viewer  runner  editor  approver  operator  admin  worker
      config:read       yes     yes     yes     yes       yes       yes    -
      repos:read        yes     yes     yes     yes       yes       yes    -
      workflows:read    yes     yes     yes     yes       yes       yes    -
      workspace:write   -       -       yes     -         -         yes    -
      runs:read         yes     yes     yes     yes       yes       yes    yes
      runs:start        -       yes     yes     -         yes       yes    -
      runs:exec         -       -       yes     -         yes       yes    -
      runs:cancel       -       -       yes     -         yes       yes    -
      approvals:decide  -       -       -       yes       yes       yes    -
      adapters:read     yes     yes     yes     yes       yes       yes    -
      readiness:run     -       -       -       -         yes       yes    -
      access:read       -       -       -       -         yes       yes    -
      access:write      -       -       -       -         -         yes    -
      audit:read        -       -       -       -         yes       yes    -
      webhooks:read     -       -       -       -         yes       yes    -
      webhooks:write    -       -       -       -         yes       yes    -
      telemetry:read    -       -       -       -         yes       yes    -
      alerts:silence    -       -       -       -         yes       yes    -
      backups:write     -       -       -       -         yes       yes    -
      state:purge       -       -       -       -         yes       yes    -"
    `);
  });

  it("that nobody has defined may do nothing, whatever they are called", () => {
    for (const name of ["owner", "Admin", "", "constructor", "__proto__", "toString"])
      expect(permissionsOf(name)).toEqual([]);
  });
});
