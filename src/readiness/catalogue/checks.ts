import type { CheckDefinition } from "../definition.ts";
import { adp001 } from "./adapters/adp001-connectivity.ts";
import { adp002 } from "./adapters/adp002-healthy.ts";
import { adp003 } from "./adapters/adp003-initialisation.ts";
import { adp004 } from "./adapters/adp004-one-enabled.ts";
import { cfg001 } from "./configuration/cfg001-required-fields.ts";
import { cfg002 } from "./configuration/cfg002-security-settings.ts";
import { cfg003 } from "./configuration/cfg003-repository-paths.ts";
import { cfg004 } from "./configuration/cfg004-resource-limits.ts";
import { cfg005 } from "./configuration/cfg005-known-keys.ts";
import { cfg006 } from "./configuration/cfg006-values.ts";
import { cfg008 } from "./configuration/cfg008-references.ts";
import { cfg009 } from "./configuration/cfg009-secrets.ts";
import { cfg010 } from "./configuration/cfg010-no-plain-text.ts";
import { cfg011 } from "./configuration/cfg011-permissions.ts";
import { cfg012 } from "./configuration/cfg012-no-development-mode.ts";
import { cfg013 } from "./configuration/cfg013-state-folder.ts";
import { cfg014 } from "./configuration/cfg014-state-store.ts";
import { lim001 } from "./limits/lim001-concurrent-workflows.ts";
import { lim002 } from "./limits/lim002-retries.ts";
import { lim003 } from "./limits/lim003-timeouts.ts";
import { lim004 } from "./limits/lim004-open-files.ts";
import { lim005 } from "./limits/lim005-memory.ts";
import { rpo001 } from "./repositories/rpo001-accessible.ts";
import { rpo002 } from "./repositories/rpo002-permissions.ts";
import { rpo003 } from "./repositories/rpo003-structure.ts";
import { rpo004 } from "./repositories/rpo004-at-least-one.ts";
import { rpo005 } from "./repositories/rpo005-manifest.ts";
import { rpo007 } from "./repositories/rpo007-stale-locks.ts";
import { rpo008 } from "./repositories/rpo008-nothing-half-done.ts";
import { rpo009 } from "./repositories/rpo009-trusted.ts";
import { rpo014 } from "./repositories/rpo014-contained.ts";
import { sec001 } from "./security/sec001-authentication.ts";
import { sec002 } from "./security/sec002-protocols.ts";
import { sec003 } from "./security/sec003-access-controls.ts";
import { sec004 } from "./security/sec004-strong-secrets.ts";
import { sec005 } from "./security/sec005-tls-everywhere.ts";
import { sec007 } from "./security/sec007-token-checks.ts";
import { sec009 } from "./security/sec009-audit-trail.ts";
import { sec016 } from "./security/sec016-exposure.ts";
import { wfx001 } from "./workflow/wfx001-basic-workflow.ts";
import { wfx002 } from "./workflow/wfx002-state-management.ts";
import { wfx003 } from "./workflow/wfx003-error-handling.ts";
import { wfx004 } from "./workflow/wfx004-crash-and-resume.ts";
import { wfx005 } from "./workflow/wfx005-retries.ts";
import { wfx006 } from "./workflow/wfx006-timeouts.ts";
import { wfx007 } from "./workflow/wfx007-cancel.ts";
import { wfx008 } from "./workflow/wfx008-concurrency-limit.ts";
import { wfx009 } from "./workflow/wfx009-partial-failure.ts";

/** Every check, in the order of the report. */
export const checks: readonly CheckDefinition[] = [
  cfg001,
  cfg002,
  cfg003,
  cfg004,
  cfg005,
  cfg006,
  cfg008,
  cfg009,
  cfg010,
  cfg011,
  cfg012,
  cfg013,
  cfg014,
  adp001,
  adp002,
  adp003,
  adp004,
  rpo001,
  rpo002,
  rpo003,
  rpo004,
  rpo005,
  rpo007,
  rpo008,
  rpo009,
  rpo014,
  wfx001,
  wfx002,
  wfx003,
  wfx004,
  wfx005,
  wfx006,
  wfx007,
  wfx008,
  wfx009,
  lim001,
  lim002,
  lim003,
  lim004,
  lim005,
  sec001,
  sec002,
  sec003,
  sec004,
  sec005,
  sec007,
  sec009,
  sec016,
];
