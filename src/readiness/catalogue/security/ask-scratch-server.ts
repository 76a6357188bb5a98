import { setImmediate } from "node:timers/promises";
import { messageOf } from "../../../lib/errors.ts";
import { actInScratch } from "../../acting/act-in-scratch.ts";
import { Unmet } from "../../acting/unmet.ts";
import type { CheckContext } from "../../context.ts";
import type { Outcome } from "../../types.ts";
import { askForEdits } from "./ask-audit.ts";
import { askRoles } from "./ask-roles.ts";
import { askService } from "./ask-service.ts";
import { askStrangers } from "./ask-strangers.ts";
import { askTokens } from "./ask-tokens.ts";
import { type ScratchServer, type Send, startScratchServer } from "./scratch-server.ts";

/** The questions that share one scratch server, in the order in which they are asked: the last one damages its trail. */
const questions = {
  strangers: askStrangers,
  roles: askRoles,
  service: askService,
  tokens: askTokens,
  audit: askForEdits,
} as const satisfies Readonly<Record<string, (server: ScratchServer) => Promise<Outcome>>>;

/** One of the questions to a server. */
export type ServerQuestion = keyof typeof questions;

type Answers = Readonly<Record<ServerQuestion, Outcome | { readonly error: string }>>;

/**
 * Asks a question to a server that is started for it: the shipped `serve` in scratch space. All questions of a suite share one server,
 * which the first of them starts and which ends with the last.
 *
 * @throws Error when it could not be asked.
 */
export async function askScratchServer(
  context: CheckContext,
  question: ServerQuestion,
  send: Send = fetch,
): Promise<Outcome> {
  const answers = await context.once("scratch server", async () => await askAll(context, send));
  const answer = "failed" in answers ? answers.failed : answers.answers[question];
  if ("error" in answer) throw new Error(answer.error);
  return answer;
}

type Asked = { readonly answers: Answers } | { readonly failed: Outcome };

async function askAll(context: CheckContext, send: Send): Promise<Asked> {
  let answers: Answers | undefined;
  const failed = await actInScratch(context, "server", async (act) => {
    const server = await startScratchServer(act, send);
    const found: Partial<Record<ServerQuestion, Answers[ServerQuestion]>> = {};
    for (const name of Object.keys(questions) as ServerQuestion[]) {
      act.signal.throwIfAborted();
      found[name] = await answerTo(async () => await questions[name](server));
      await setImmediate();
    }
    answers = found as Answers;
    return { status: "pass", reason: "asked" };
  });
  return answers === undefined ? { failed } : { answers };
}

async function answerTo(ask: () => Promise<Outcome>): Promise<Outcome | { readonly error: string }> {
  try {
    return await ask();
  } catch (error) {
    return error instanceof Unmet ? error.outcome : { error: messageOf(error) };
  }
}
