import type { Channel } from "../alert.ts";
import { type HttpChannelOptions, makeHttpChannel } from "./http-channel.ts";

/** The headers that sign a body; without a secret, those that tell messages apart. */
export type Sign = (id: string, body: string) => Readonly<Record<string, string>>;

/**
 * Posts alerts as CloudEvents 1.0 (https://cloudevents.io) in JSON: type `dev.mahavishnu.alert`, the alerts in `data`.
 *
 * @param workspaceId makes the event's source
 */
export function makeWebhookChannel(
  options: HttpChannelOptions,
  { sign, workspaceId }: { readonly sign: Sign; readonly workspaceId: () => Promise<string> },
): Channel {
  const source = { id: "" };
  const channel = makeHttpChannel(options, (message) => {
    const { id, time, rule, isTest, alerts } = message;
    const body = JSON.stringify({
      specversion: "1.0",
      id,
      source: `urn:mahavishnu:workspace:${source.id}`,
      type: "dev.mahavishnu.alert",
      subject: `alerts/${rule}`,
      time: new Date(time).toISOString(),
      datacontenttype: "application/json",
      data: { rule, test: isTest, alerts },
    });
    return [{ headers: { "content-type": "application/cloudevents+json; charset=utf-8", ...sign(id, body) }, body }];
  });
  return {
    ...channel,
    send: async (message, signal) => {
      source.id = await workspaceId();
      return await channel.send(message, signal);
    },
  };
}
