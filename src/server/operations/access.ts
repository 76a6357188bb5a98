import * as access from "../../app/shapes/access.ts";
import * as tokens from "../../app/shapes/tokens.ts";
import { explainAccess, showAccess, whoAmI } from "../../app/use-cases/access.ts";
import { createToken, listTokens, revokeToken, rotateKeys } from "../../app/use-cases/tokens.ts";
import { type Operation, operation } from "./operation.ts";

const tag = "access";

/** Who may do what, and the tokens by which callers are known. */
export const accessOperations: readonly Operation[] = [
  operation(tag, {
    useCase: whoAmI,
    method: "GET",
    path: "/v1/whoami",
    summary: "Tells who asks, and what they may do",
    input: access.whoAmIInput,
    output: access.identity,
  }),
  operation(tag, {
    useCase: showAccess,
    method: "GET",
    path: "/v1/access",
    summary: "Shows roles and bindings",
    input: access.showAccessInput,
    output: access.accessView,
  }),
  operation(tag, {
    useCase: explainAccess,
    method: "GET",
    path: "/v1/access/can",
    summary: "Tells whether a subject may do something, and which binding decides",
    input: access.explainAccessInput,
    output: access.accessExplanation,
  }),
  operation(tag, {
    useCase: listTokens,
    method: "GET",
    path: "/v1/tokens",
    summary: "Lists tokens, without what they are made of",
    input: tokens.listTokensInput,
    output: tokens.tokenPage,
  }),
  operation(tag, {
    useCase: createToken,
    method: "POST",
    path: "/v1/tokens",
    summary: "Makes a token; this answer alone shows it",
    input: tokens.createTokenInput,
    output: tokens.createdToken,
    status: 201,
  }),
  operation(tag, {
    useCase: revokeToken,
    method: "POST",
    path: "/v1/tokens/revoke",
    summary: "Revokes one token, or all of a subject",
    input: tokens.revokeTokenInput,
    output: tokens.revokedTokens,
  }),
  operation(tag, {
    useCase: rotateKeys,
    method: "POST",
    path: "/v1/keys/rotate",
    summary: "Makes a new signing key; tokens of earlier ones count until they expire",
    input: tokens.rotateKeysInput,
    output: tokens.rotatedKeys,
    status: 201,
  }),
];
