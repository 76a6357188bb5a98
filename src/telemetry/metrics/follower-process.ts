/** For tests: a process that counts the journal of a store, until it is killed. */
import { silentLog } from "../../lib/log.ts";
import { openStore } from "../../store/open-store.ts";
import { JournalFollower } from "./journal-follower.ts";

const store = openStore({ file: process.argv[2] ?? "" });
await JournalFollower.open({ store, log: silentLog, lookMs: 1, keepMs: 5, partSize: 10 });
process.send?.("counts");
// Nobody is left to kill it.
process.on("disconnect", () => process.kill(process.pid, "SIGKILL"));
