/** Small shapes that those of documents and of inputs are made of. */
import * as z from "zod";

/** A number of things. */
export const count = z.int().min(0);

/** The text of a selector. */
export const selector = z.string().min(1).max(4096);

// oxlint-disable-next-line no-control-regex
const withoutControls = /^[^\u0000-\u001F\u007F]+$/;

/** A path, as long as systems allow; nothing in it acts on a log or ends it early. */
export const folderPath = z.string().max(4096).regex(withoutControls);

/** The name of a workflow. */
export const workflowName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/);

/** One wrong place in a text that a user wrote. */
export const diagnostic = z.strictObject({
  file: z.string(),
  line: z.int().min(1),
  column: z.int().min(1),
  length: z.int().min(1),
  message: z.string(),
  hint: z.string().exactOptional(),
  sourceLine: z.string().exactOptional(),
});
