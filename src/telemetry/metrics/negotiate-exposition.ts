import type { ExpositionForm } from "./render-exposition.ts";

interface Wish {
  readonly form: ExpositionForm;
  readonly quality: number;
  /** An exact name before `text/*`, and that before what takes anything. */
  readonly precision: number;
}

/** An Accept header longer than this asks for nothing in particular. */
const maxLength = 2_000;

/**
 * The form that an Accept header asks for (RFC 9110, 12.5.1). Whoever asks for nothing, or for nothing that there is, gets text, as
 * everything does that Prometheus reads.
 *
 * @example
 * negotiateExposition("application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3"); // "openmetrics"
 * negotiateExposition("*\/*"); // "text"
 */
export function negotiateExposition(accept: string | undefined): ExpositionForm {
  if (accept === undefined || accept.length > maxLength) return "text";
  const wishes = accept.split(",").flatMap((range) => readWish(range) ?? []);
  // Of several that fit a form the most precise one counts for it.
  const qualityOf = (form: ExpositionForm): number => {
    const fitting = wishes.filter((wish) => wish.form === form);
    const precision = Math.max(...fitting.map((wish) => wish.precision));
    return Math.max(0, ...fitting.filter((wish) => wish.precision === precision).map(({ quality }) => quality));
  };
  const isNamed = wishes.some(({ form, precision }) => form === "openmetrics" && precision === 2);
  return isNamed && qualityOf("openmetrics") > 0 && qualityOf("openmetrics") >= qualityOf("text")
    ? "openmetrics"
    : "text";
}

/** Null when it asks for what is not told here. */
function readWish(range: string): Wish | null {
  const [type = "", ...parameters] = range.split(";").map((part) => part.trim().toLowerCase());
  const values = new Map(parameters.map((text) => splitParameter(text)));
  const q = values.get("q") ?? "1";
  if (!/^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.test(q)) return null;
  const quality = Number(q);
  const version = values.get("version");
  if (type === "application/openmetrics-text") {
    // 0.0.1 is what it was called before there was a standard; Prometheus names it after 1.0.0.
    return version === undefined || version === "1.0.0" ? { form: "openmetrics", quality, precision: 2 } : null;
  }
  if (type === "text/plain") {
    return version === undefined || version === "0.0.4" ? { form: "text", quality, precision: 2 } : null;
  }
  if (type === "text/*") return { form: "text", quality, precision: 1 };
  return type === "*/*" ? { form: "text", quality, precision: 0 } : null;
}

function splitParameter(text: string): readonly [name: string, value: string] {
  const at = text.indexOf("=");
  if (at === -1) return [text, ""];
  return [
    text.slice(0, at).trim(),
    text
      .slice(at + 1)
      .trim()
      .replaceAll('"', ""),
  ];
}
