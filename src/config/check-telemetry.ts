import type { PlacedExplanation } from "./check-access.ts";
import type { Config } from "./schema.ts";

const channelKinds = ["webhook", "slack", "pagerduty", "smtp", "alertmanager", "file"] as const;
const ruleKinds = ["on", "absent", "when", "burnRate"] as const;
const sloKinds = ["availability", "latency"] as const;

/** What is wrong with `telemetry` when all layers are taken together: what one leaves out another may give. */
export function checkTelemetry({ telemetry }: Config): PlacedExplanation[] {
  const { channels, alerts, slos } = telemetry;
  const problems: PlacedExplanation[] = [];
  const tell = (owner: readonly string[], message: string): void => {
    problems.push({ kind: "value", path: [...owner], at: "key", message, owner: [...owner] });
  };
  const expectOne = (owner: readonly string[], given: readonly string[], kinds: readonly string[]): void => {
    if (given.length !== 1) tell(owner, `"${owner.join(".")}" needs exactly one of ${kinds.join(", ")}`);
  };
  for (const [name, channel] of Object.entries(channels)) {
    const owner = ["telemetry", "channels", name];
    const kinds = channelKinds.filter((kind) => channel[kind] !== undefined);
    expectOne(owner, kinds, channelKinds);
    if (channel.secret !== undefined && channel.webhook === undefined) tell(owner, "`secret` is for `webhook` alone");
    if (channel.token !== undefined && channel.alertmanager === undefined)
      tell(owner, "`token` is for `alertmanager` alone");
    if (channel.url !== undefined && channel.pagerduty === undefined) tell(owner, "`url` is for `pagerduty` alone");
    const { smtp } = channel;
    if (smtp !== undefined && (smtp.host === undefined || smtp.from === undefined || smtp.to.length === 0))
      tell([...owner, "smtp"], `"${owner.join(".")}.smtp" needs host, from and at least one address in to`);
    if (smtp !== undefined && (smtp.user === undefined) !== (smtp.password === undefined))
      tell([...owner, "smtp"], "`user` and `password` go together");
  }
  const seen = new Set<string>();
  for (const rule of alerts) {
    // A list has one place: that of the layer which wrote it.
    const owner = ["telemetry", "alerts"];
    const said = (text: string): void => tell(owner, `alert "${rule.name}" ${text}`);
    if (seen.has(rule.name)) said("is there twice");
    seen.add(rule.name);
    const kinds = ruleKinds.filter((kind) => (kind === "on" ? rule.on.length > 0 : rule[kind] !== undefined));
    if (kinds.length !== 1) said(`needs exactly one of ${ruleKinds.join(", ")}`);
    if (rule.notify.length === 0) said("needs at least one channel in notify");
    for (const channel of rule.notify) {
      if (!Object.hasOwn(channels, channel)) said(`names a channel that is not there: "${channel}"`);
    }
    if (rule.when !== undefined && (rule.when.above === undefined) === (rule.when.below === undefined))
      said("needs exactly one of when.above and when.below");
    const slo = rule.burnRate?.slo;
    if (rule.burnRate !== undefined && (slo === undefined || !Object.hasOwn(slos, slo)))
      said(slo === undefined ? "needs burnRate.slo" : `names an SLO that is not there: "${slo}"`);
  }
  for (const [name, slo] of Object.entries(slos)) {
    const owner = ["telemetry", "slos", name];
    expectOne(
      owner,
      sloKinds.filter((kind) => slo[kind] !== undefined),
      sloKinds,
    );
    const objective = slo.availability?.objective ?? slo.latency?.objective ?? 99;
    if (objective <= 0 || objective >= 100) tell(owner, "an objective is above 0 and below 100 per cent");
  }
  return problems;
}
