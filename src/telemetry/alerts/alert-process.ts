/** For tests: a process that judges one rule over the store at argv[2] and posts to argv[3]; it kills itself where CRASH_AT says. */
import { openStore } from "../../store/open-store.ts";
import { startAlertsOf } from "./alert-fixture.ts";

Object.assign(globalThis, { __CRASH_POINTS__: true });

const [, , file = "", url = ""] = process.argv;
const store = openStore({ file });
startAlertsOf(store, url);
process.send?.("ready");
