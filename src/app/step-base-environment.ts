/** All that `steps.env: minimal` hands on. */
const minimalNames = ["PATH", "HOME", "USER", "LOGNAME", "SHELL", "TMPDIR", "LANG", "LC_ALL", "LC_CTYPE", "TZ"];

/** Where this process is in a trace: each attempt has a place of its own. Programs look for it in either spelling. */
const traceName = /^trace(?:parent|state)$/i;

/**
 * What steps inherit of this process's environment: nothing of our own (`MAHAVISHNU_*`), not its place in a trace, and no variable that
 * a secret reference names, for a secret is given only to the step that asks for it.
 *
 * @example
 * stepBaseEnvironment({ PATH: "/bin", traceparent: "00-…", MAHAVISHNU_TOKEN: "…" }, { mode: "inherit", hidden: [] }); // { PATH: "/bin" }
 */
export function stepBaseEnvironment(
  env: Readonly<Record<string, string | undefined>>,
  options: { readonly mode: "inherit" | "minimal"; readonly hidden: readonly string[] },
): Record<string, string> {
  const hidden = new Set(options.hidden);
  const kept = Object.entries(env).filter(([name, value]) => {
    if (value === undefined || name.startsWith("MAHAVISHNU_") || traceName.test(name) || hidden.has(name)) return false;
    return options.mode === "inherit" || minimalNames.includes(name);
  });
  return Object.fromEntries(kept) as Record<string, string>;
}
