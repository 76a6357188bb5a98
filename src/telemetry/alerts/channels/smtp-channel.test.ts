import { once } from "node:events";
import { type AddressInfo, createServer as createSocket } from "node:net";
import { SMTPServer } from "smtp-server";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { makeUntrustedCertificate } from "../../../readiness/acting/make-certificate.ts";
import { alert, message } from "./message-fixture.ts";
import { makeSmtpChannel, type SmtpChannelOptions } from "./smtp-channel.ts";

const never = new AbortController().signal;

describe("mail", () => {
  const mails: { from: string; to: string[]; text: string; secure: boolean }[] = [];
  let smtp: SMTPServer;
  let options: SmtpChannelOptions;
  let refuse: number | null = null;

  beforeAll(async () => {
    const { key: certificateKey, cert } = makeUntrustedCertificate();
    smtp = new SMTPServer({
      key: certificateKey,
      cert,
      authMethods: ["PLAIN", "LOGIN"],
      onAuth: ({ username, password }, _session, done) => {
        if (username === "ops" && password === "s3cret") done(null, { user: username });
        else done(new Error(`535 not ${password ?? ""}`));
      },
      onData: (stream, session, done) => {
        const parts: Buffer[] = [];
        stream.on("data", (part: Buffer) => parts.push(part));
        stream.on("end", () => {
          if (refuse !== null) {
            done(Object.assign(new Error("no"), { responseCode: refuse }));
            return;
          }
          const { mailFrom, rcptTo } = session.envelope;
          mails.push({
            from: mailFrom === false ? "" : mailFrom.address,
            to: rcptTo.map(({ address }) => address),
            text: Buffer.concat(parts).toString(),
            secure: session.secure,
          });
          done();
        });
      },
    });
    smtp.on("error", () => undefined);
    const listening = smtp.listen(0, "127.0.0.1");
    await once(listening, "listening");
    const { port } = listening.address() as AddressInfo;
    options = {
      name: "mail",
      attempts: 3,
      timeoutMs: 5_000,
      host: "localhost",
      port,
      tls: "startTls",
      login: { user: "ops", password: "s3cret" },
      from: "mahavishnu@example.test",
      to: ["ops@example.test", "dana@example.test"],
      ca: cert,
    };
  });

  afterAll(
    async () =>
      await new Promise<void>((resolve) => {
        smtp.close(resolve);
      }),
  );

  it("is sent over TLS with a login, says all that is known, and keeps its id when it is sent again", async () => {
    const channel = makeSmtpChannel(options);
    const sent = { ...message, alerts: [{ ...alert, summary: "two\r\nBcc: evil@example.test\r\nlines" }] };
    expect(await channel.send(sent, never)).toEqual({ ok: true, status: 250 });
    expect(await channel.send(sent, never)).toEqual({ ok: true, status: 250 });
    const [first, second] = mails;
    expect(first).toMatchObject({ from: "mahavishnu@example.test", to: options.to, secure: true });
    const head = first?.text.slice(0, first.text.indexOf("\r\n\r\n")) ?? "";
    expect(head).toMatch(/^Message-ID: <evt_0123456789abcdef01234567@mahavishnu>$/m);
    expect(head).not.toMatch(/^Bcc:/m);
    expect(head).toMatch(/^Subject: \[FIRING:1\] failures: two Bcc: evil@example\.test lines/m);
    expect(first?.text).toContain("https://ops.example.test/runbook");
    expect(second?.text).toContain("<evt_0123456789abcdef01234567@mahavishnu>");
  });

  it("is not sent where TLS is not to be had or the login is wrong, and no password is told", async () => {
    const plain = new SMTPServer({ hideSTARTTLS: true, disabledCommands: ["STARTTLS"], authOptional: true });
    const listening = plain.listen(0, "127.0.0.1");
    await once(listening, "listening");
    const { port } = listening.address() as AddressInfo;
    expect(await makeSmtpChannel({ ...options, port }).send(message, never)).toMatchObject({ ok: false, final: false });
    await new Promise<void>((resolve) => {
      plain.close(resolve);
    });
    const wrong = await makeSmtpChannel({ ...options, login: { user: "ops", password: "wr0ng-password" } }).send(
      message,
      never,
    );
    expect(wrong).toMatchObject({ ok: false, final: false });
    expect(JSON.stringify(wrong)).not.toContain("wr0ng-password");
    const { ca: _ca, ...untrusted } = options;
    expect(await makeSmtpChannel(untrusted).send(message, never)).toMatchObject({ ok: false, final: false });
  });

  it("tells no password that a server repeats in base64, as it was told it", async () => {
    const echo = createSocket((socket) => {
      socket.write("220 mail ESMTP\r\n");
      socket.on("error", () => undefined);
      socket.on("data", (bytes) => {
        const line = bytes.toString();
        if (line.startsWith("EHLO")) socket.write("250-mail\r\n250 AUTH PLAIN\r\n");
        else socket.write(`535 \u001B[31m bad: ${line.trim()}\r\n`);
      });
    });
    echo.listen(0, "127.0.0.1");
    await once(echo, "listening");
    const { port } = echo.address() as AddressInfo;
    const login = { user: "ops", password: "hunter2-hunter2" };
    const result = await makeSmtpChannel({ ...options, port, host: "127.0.0.1", tls: "none", login }).send(
      message,
      never,
    );
    echo.close();
    expect(result).toMatchObject({ ok: false, error: expect.stringContaining("bad: AUTH PLAIN") as string });
    const told = JSON.stringify(result);
    expect(told).not.toContain("hunter2");
    expect(told).not.toContain(Buffer.from("\0ops\0hunter2-hunter2").toString("base64").slice(4, 24));
    expect(told).not.toContain("u001b");
  });

  it("is given up when it takes too long as a whole, or when nobody waits for it any more, and its connection ends", async () => {
    let open = 0;
    const slow = createSocket((socket) => {
      open += 1;
      const timer = setInterval(() => socket.write("220-still greeting\r\n"), 20);
      socket.on("error", () => undefined);
      socket.on("close", () => {
        open -= 1;
        clearInterval(timer);
      });
    });
    slow.listen(0, "127.0.0.1");
    await once(slow, "listening");
    const { port } = slow.address() as AddressInfo;
    const channel = makeSmtpChannel({ ...options, host: "127.0.0.1", port, timeoutMs: 200 });
    const late = { ok: false, final: false, error: "no answer within 200ms" };
    expect(await channel.send(message, never)).toMatchObject(late);
    const stopping = new AbortController();
    const patient = makeSmtpChannel({ ...options, host: "127.0.0.1", port, timeoutMs: 60_000 });
    const sent = patient.send(message, stopping.signal);
    await vi.waitFor(() => expect(open).toBeGreaterThan(0));
    stopping.abort(new Error("stopped"));
    expect(await sent).toMatchObject({ ok: false, final: false });
    await vi.waitFor(() => expect(open).toBe(0));
    slow.close();
  });

  it("goes to no metadata service", async () => {
    const channel = makeSmtpChannel({ ...options, host: "169.254.169.254" });
    const refused = { ok: false, final: true, error: expect.stringContaining("metadata") as string };
    expect(await channel.send(message, never)).toMatchObject(refused);
  });

  it("that is refused for good is not sent again, and one that is put off is", async () => {
    refuse = 550;
    expect(await makeSmtpChannel(options).send(message, never)).toMatchObject({ ok: false, final: true, status: 550 });
    refuse = 451;
    expect(await makeSmtpChannel(options).send(message, never)).toMatchObject({ ok: false, final: false, status: 451 });
    refuse = null;
  });
});
