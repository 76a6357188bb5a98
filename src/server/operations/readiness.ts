import { explainCheck } from "../../readiness/explain-use-case.ts";
import * as shapes from "../../readiness/shapes/suites.ts";
import {
  cancelSuite,
  followSuite,
  listSuites,
  planSuite,
  showSuite,
  startSuite,
} from "../../readiness/suite-use-cases.ts";
import { type Operation, operation, stream } from "./operation.ts";

const tag = "readiness";
const atSuite = ({ id }: { readonly id: string }): string => `/v1/suites/${id}`;

/** Whether this installation is ready for production. */
export const readinessOperations: readonly Operation[] = [
  operation(tag, {
    useCase: startSuite,
    method: "POST",
    path: "/v1/suites",
    summary: "Starts a readiness suite",
    input: shapes.suiteRequest,
    output: shapes.suiteItem,
    status: 202,
    location: atSuite,
  }),
  operation(tag, {
    useCase: listSuites,
    method: "GET",
    path: "/v1/suites",
    summary: "Lists the last readiness suites, the newest first",
    input: shapes.noInput,
    output: shapes.suiteList,
  }),
  operation(tag, {
    useCase: showSuite,
    method: "GET",
    path: "/v1/suites/{id}",
    summary: "Shows a readiness suite, with its report when it has ended",
    input: shapes.oneSuiteInput,
    output: shapes.suite,
  }),
  stream(tag, {
    useCase: followSuite,
    path: "/v1/suites/{id}/events/stream",
    summary: "Follows a readiness suite to its end",
    input: shapes.followSuiteInput,
    output: shapes.suite,
    events: { event: shapes.suiteEvent, suite: shapes.suite },
    frame: (item) =>
      item.type === "event"
        ? { event: "event", id: String(item.seq), data: item.event }
        : { event: "suite", data: item.suite },
    eventId: shapes.suiteEventId,
    resume: (id) => ({ after: Number(id) }),
  }),
  operation(tag, {
    useCase: cancelSuite,
    method: "POST",
    path: "/v1/suites/{id}/cancel",
    summary: "Ends a readiness suite; what has not been asked is not, and the report says so",
    input: shapes.oneSuiteInput,
    output: shapes.suiteItem,
    status: 202,
    location: atSuite,
  }),
  operation(tag, {
    useCase: planSuite,
    method: "POST",
    path: "/v1/suite-plans",
    summary: "Tells what a readiness suite would ask, and asks nothing",
    input: shapes.suiteRequest,
    output: shapes.suitePlan,
  }),
  operation(tag, {
    useCase: explainCheck,
    method: "GET",
    path: "/v1/checks/{id}",
    summary: "Explains a check, test or benchmark",
    input: shapes.explainCheckInput,
    output: shapes.explanation,
  }),
];
