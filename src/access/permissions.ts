import { permissionNames } from "../config/access-names.ts";

/** What can be done to what. The list stands in `config/`, which has to know it to check `access.roles`. */
export const permissions = permissionNames;

/** One permission: resource and action. */
export type Permission = (typeof permissions)[number];
