import { connect, type Socket } from "node:net";
import type { Transporter } from "nodemailer";
import { messageOf } from "../../../lib/errors.ts";
import { formatDuration } from "../../../lib/duration.ts";
import { ForbiddenAddressError, isForbiddenAddress, lookupAllowed } from "../../../lib/forbidden-addresses.ts";
import { createMasking } from "../../../lib/mask-secrets.ts";
import type { AlertMessage, Channel, ChannelAnswer } from "../alert.ts";
import { clip, describeAlert, headline, oneLine } from "./alert-texts.ts";

/** A longer subject is hard to read, and some servers refuse lines of more than 998 bytes. */
const longestSubject = 180;

/** How mail is sent. */
export interface SmtpChannelOptions {
  readonly name: string;
  readonly attempts: number;
  readonly timeoutMs: number;
  readonly host: string;
  readonly port: number;
  readonly tls: "startTls" | "implicit" | "none";
  readonly login: { readonly user: string; readonly password: string } | null;
  readonly from: string;
  readonly to: readonly string[];
  /** Certificates that count besides those of the system; only tests have any. */
  readonly ca?: string;
}

/** Sends alerts by mail. An attempt that is repeated has the same Message-ID, by which servers and readers know it. */
export function makeSmtpChannel(options: SmtpChannelOptions): Channel {
  const { name, attempts } = options;
  return { name, attempts, send: async (message, signal) => await send(options, message, signal) };
}

async function send(options: SmtpChannelOptions, message: AlertMessage, signal: AbortSignal): Promise<ChannelAnswer> {
  const { from, to, host, timeoutMs } = options;
  if (isForbiddenAddress(host)) {
    const { message: error } = new ForbiddenAddressError(host, host);
    return { ok: false, final: true, error, status: null, retryAfterMs: null };
  }
  const limit = AbortSignal.timeout(timeoutMs);
  const stop = AbortSignal.any([signal, limit]);
  // Of our own: the library ends no connection of its own while it waits.
  let socket: Socket | undefined;
  const end = (): void => void socket?.destroy(new Error("the mail was given up"));
  stop.addEventListener("abort", end, { once: true });
  try {
    const transport = await openTransport(options, () => {
      socket = connect({ host, port: options.port, lookup: lookupAllowed });
      if (stop.aborted) end();
      return socket;
    });
    await transport.sendMail({
      from,
      to: [...to],
      subject: clip(headline(message), longestSubject),
      text: `${message.alerts.map(describeAlert).join("\n\n---\n\n")}\n`,
      messageId: `<${message.id}@mahavishnu>`,
      date: new Date(message.time),
      headers: { "Auto-Submitted": "auto-generated", "X-Mahavishnu-Alert": message.rule },
    });
    return { ok: true, status: 250 };
  } catch (error) {
    return judge(limit.aborted ? new Error(`no answer within ${formatDuration(timeoutMs)}`) : error, options);
  } finally {
    stop.removeEventListener("abort", end);
    socket?.destroy();
  }
}

async function openTransport(
  { host, port, tls, login, timeoutMs, ca }: SmtpChannelOptions,
  openSocket: () => Socket,
): Promise<Transporter> {
  const { createTransport } = await import("nodemailer");
  return createTransport({
    host,
    port,
    secure: tls === "implicit",
    requireTLS: tls === "startTls",
    ignoreTLS: tls === "none",
    ...(login === null ? {} : { auth: { user: login.user, pass: login.password } }),
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    getSocket: (_options, done) => {
      const socket = openSocket();
      const fail = (error: Error): void => done(error, false);
      socket.once("error", fail);
      socket.once("connect", () => {
        socket.off("error", fail);
        done(null, { connection: socket });
      });
    },
    disableFileAccess: true,
    disableUrlAccess: true,
    ...(ca === undefined ? {} : { tls: { ca } }),
  });
}

/** Replies after which the same mail is refused again: no such mailbox, too large, not wanted (RFC 5321, 4.2.3). */
const finalReplies = new Set([501, 550, 551, 552, 553, 554]);

function judge(error: unknown, { login }: SmtpChannelOptions): ChannelAnswer {
  const { responseCode } = error as { readonly responseCode?: unknown };
  const status = typeof responseCode === "number" ? responseCode : null;
  // Servers may repeat what they were told, as they were told it: in base64, with the user before it.
  const told = login === null ? [] : [login.password, `\0${login.user}\0${login.password}`];
  const text = oneLine(createMasking(told).text(messageOf(error)));
  const final = status !== null && finalReplies.has(status);
  return { ok: false, final, error: clip(text, 500), status, retryAfterMs: null };
}
