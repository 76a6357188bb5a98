import * as shapes from "../../app/shapes/alerts.ts";
import { endSilence, listAlerts, listSilences, silenceAlert, testAlert } from "../../app/use-cases/alerts.ts";
import { type Operation, operation } from "./operation.ts";

const tag = "telemetry";

/** What is alerted of, what is silent, and whether channels can be told. */
export const alertOperations: readonly Operation[] = [
  operation(tag, {
    useCase: listAlerts,
    method: "GET",
    path: "/v1/alerts",
    summary: "Lists the rules of the configuration, and what fires",
    input: shapes.noInput,
    output: shapes.alertRuleList,
  }),
  operation(tag, {
    useCase: listSilences,
    method: "GET",
    path: "/v1/alerts/silences",
    summary: "Lists what is silent, until when and why",
    input: shapes.noInput,
    output: shapes.silenceList,
  }),
  operation(tag, {
    useCase: silenceAlert,
    method: "POST",
    path: "/v1/alerts/silences",
    summary: "Tells nobody of a rule's alerts for a while",
    input: shapes.silenceInput,
    output: shapes.silence,
    status: 201,
  }),
  operation(tag, {
    useCase: endSilence,
    method: "DELETE",
    path: "/v1/alerts/silences/{id}",
    summary: "Ends a silence now",
    input: shapes.oneSilenceInput,
    output: shapes.silence,
  }),
  operation(tag, {
    useCase: testAlert,
    method: "POST",
    path: "/v1/alerts/test",
    summary: "Tells channels once and now that this is a test",
    input: shapes.alertTestInput,
    output: shapes.alertTest,
  }),
];
