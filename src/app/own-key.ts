/**
 * An idempotency key as it is stored: everybody has keys of their own, so that nobody learns of another's runs by one, nor takes one
 * from them. A name holds no blank.
 *
 * @example
 * ownKey("user:dana", "nightly"); // "user:dana nightly"
 */
export function ownKey(subject: string, key: string): string {
  return `${subject} ${key}`;
}
