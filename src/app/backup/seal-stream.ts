import { createCipheriv, createDecipheriv, randomBytes, scryptSync } from "node:crypto";
import { Transform } from "node:stream";
import { MahavishnuError } from "../../lib/errors.ts";

/*
 * An encrypted backup: the mark, 16 bytes of salt, 7 bytes that begin every nonce, then chunks of 64 KiB, each with its own tag. A nonce
 * goes on with the chunk's number and ends with 1 for the last one, so that no chunk can be taken away, moved or added: the STREAM
 * construction of Hoang, Reyhanitabar, Rogaway and Vizár (https://eprint.iacr.org/2015/189), with AES-256-GCM. The key comes from the secret by scrypt.
 */
export const sealMark: Buffer = Buffer.from("mahavishnu-seal-1\n");
const saltBytes = 16;
const prefixBytes = 7;
const chunkBytes = 64 * 1024;
const tagBytes = 16;
const headBytes = sealMark.length + saltBytes + prefixBytes;

function keyOf(secret: string, salt: Buffer): Buffer {
  return scryptSync(secret, salt, 32, { N: 2 ** 15, r: 8, p: 1, maxmem: 64 * 1024 ** 2 });
}

function nonceOf(prefix: Buffer, chunk: number, isLast: boolean): Buffer {
  const rest = Buffer.alloc(5);
  rest.writeUInt32BE(chunk, 0);
  rest[4] = isLast ? 1 : 0;
  return Buffer.concat([prefix, rest]);
}

/** Cuts a stream into parts of one size; what is last is only known at the end. */
class Parts {
  readonly #size: number;
  #kept: Buffer[] = [];
  #length = 0;

  constructor(size: number) {
    this.#size = size;
  }

  /** Whole parts, all but one that may be the last. */
  *push(bytes: Buffer): Generator<Buffer> {
    this.#kept.push(bytes);
    this.#length += bytes.length;
    if (this.#length <= this.#size) return;
    const all = Buffer.concat(this.#kept);
    let at = 0;
    for (; all.length - at > this.#size; at += this.#size) yield all.subarray(at, at + this.#size);
    this.#kept = [all.subarray(at)];
    this.#length = all.length - at;
  }

  last(): Buffer {
    return Buffer.concat(this.#kept);
  }
}

/** Encrypts a stream with a secret. */
export function createSeal(secret: string): Transform {
  const salt = randomBytes(saltBytes);
  const prefix = randomBytes(prefixBytes);
  const key = keyOf(secret, salt);
  const parts = new Parts(chunkBytes);
  let chunk = 0;
  const seal = (part: Buffer, isLast: boolean): Buffer => {
    const cipher = createCipheriv("aes-256-gcm", key, nonceOf(prefix, chunk, isLast));
    chunk += 1;
    return Buffer.concat([cipher.update(part), cipher.final(), cipher.getAuthTag()]);
  };
  let isBegun = false;
  const begin = (stream: Transform): void => {
    if (!isBegun) stream.push(Buffer.concat([sealMark, salt, prefix]));
    isBegun = true;
  };
  return new Transform({
    transform(bytes: Buffer, _encoding, done) {
      begin(this);
      for (const part of parts.push(bytes)) this.push(seal(part, false));
      done();
    },
    flush(done) {
      begin(this);
      this.push(seal(parts.last(), true));
      done();
    },
  });
}

/**
 * Decrypts what `createSeal` made. It ends with an error when the secret is another one, or a single bit, chunk or the end is not what was
 * written; what it gave before that is right as far as it goes.
 */
export function createUnseal(secret: string): Transform {
  let head = Buffer.alloc(0);
  let key: Buffer | undefined;
  let prefix = Buffer.alloc(0);
  const parts = new Parts(chunkBytes + tagBytes);
  let chunk = 0;
  const open = (part: Buffer, isLast: boolean): Buffer => {
    const at = chunk;
    if (key === undefined || part.length < tagBytes) throw damaged("it is cut off");
    const decipher = createDecipheriv("aes-256-gcm", key, nonceOf(prefix, chunk, isLast));
    chunk += 1;
    decipher.setAuthTag(part.subarray(part.length - tagBytes));
    const text = decipher.update(part.subarray(0, part.length - tagBytes));
    try {
      decipher.final();
    } catch {
      throw damaged(
        at === 0 ? "the key is another one, or its beginning is damaged" : `it is damaged or cut off after ${at} parts`,
      );
    }
    return text;
  };
  return new Transform({
    transform(bytes: Buffer, _encoding, done) {
      try {
        let rest = bytes;
        if (key === undefined) {
          head = Buffer.concat([head, bytes]);
          if (head.length < headBytes) {
            done();
            return;
          }
          const saltAt = sealMark.length;
          key = keyOf(secret, head.subarray(saltAt, saltAt + saltBytes));
          prefix = Buffer.from(head.subarray(saltAt + saltBytes, headBytes));
          rest = head.subarray(headBytes);
        }
        for (const part of parts.push(rest)) this.push(open(part, false));
        done();
      } catch (error) {
        done(error as Error);
      }
    },
    flush(done) {
      try {
        this.push(open(parts.last(), true));
        done();
      } catch (error) {
        done(error as Error);
      }
    },
  });
}

function damaged(why: string): MahavishnuError {
  return new MahavishnuError("BACKUP_DAMAGED", `the backup cannot be decrypted: ${why}`);
}
