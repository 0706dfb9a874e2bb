import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { Config } from './config.js';

/** The keys of a deployment; none of them is ever logged or answered. */
export class Secrets {
  /** Wraps the data keys of persons and streams. 32 bytes. */
  readonly masterKey: Buffer;
  /** HMAC of card numbers and of digests. 32 bytes. */
  readonly cardKey: Buffer;
  /** Signs survey links and cursors. 32 bytes. */
  readonly linkKey: Buffer;
  /** The key that every service accepts for everything. */
  readonly adminKey: string;

  constructor(keys: { masterKey: Buffer; cardKey: Buffer; linkKey: Buffer; adminKey: string }) {
    this.masterKey = keys.masterKey;
    this.cardKey = keys.cardKey;
    this.linkKey = keys.linkKey;
    this.adminKey = keys.adminKey;
  }
}

const keyNames = ['masterKey', 'cardKey', 'linkKey', 'adminKey'] as const;
type Kept = Partial<Record<(typeof keyNames)[number], string>>;

/**
 * The keys from the environment, and from `keys.json` (mode 0600) in the data folder those it does not give; what is
 * in neither is made and kept there. `adminKeyIsNew`: it was made now and must be shown, this once. Throws an `Error` of one
 * line when a key would have to be made beside `databases`, files of the folder that were made with another.
 */
export function loadSecrets(
  config: Config,
  databases: readonly string[] = [],
): { readonly secrets: Secrets; readonly adminKeyIsNew: boolean } {
  const file = join(config.dataFolder, 'keys.json');
  const kept = existsSync(file) ? readKept(file) : {};
  const made: Kept = {};
  for (const name of keyNames) {
    if (config[name] !== undefined || kept[name] !== undefined) continue;
    made[name] =
      name === 'adminKey' ? randomBytes(32).toString('base64url') : randomBytes(32).toString('base64');
  }
  const lacking = Object.keys(made);
  if (lacking.length > 0 && databases.length > 0) {
    throw new Error(
      `The keys in ${file} lack ${lacking.join(', ')}, and data that needs them lies beside it (${databases.join(', ')}): put back the file that was there, or a copy of it.`,
    );
  }
  if (lacking.length > 0) keep(file, { ...kept, ...made });
  const all = { ...kept, ...made };
  const bytes = (name: 'masterKey' | 'cardKey' | 'linkKey'): Buffer =>
    config[name] ?? Buffer.from(all[name]!, 'base64');
  return {
    secrets: new Secrets({
      masterKey: bytes('masterKey'),
      cardKey: bytes('cardKey'),
      linkKey: bytes('linkKey'),
      adminKey: config.adminKey ?? all.adminKey!,
    }),
    adminKeyIsNew: made.adminKey !== undefined,
  };
}

/** Throws an `Error` of one line that says nothing of what stands there. */
function readKept(file: string): Kept {
  try {
    const kept = JSON.parse(readFileSync(file, 'utf8')) as Kept;
    const good = keyNames.every((name) => {
      const key: unknown = kept[name];
      if (key === undefined) return true;
      return typeof key === 'string' && (name === 'adminKey' || Buffer.from(key, 'base64').length === 32);
    });
    if (good) return kept;
  } catch {
    // Told below, without the parser's message: it would quote a key.
  }
  throw new Error(`The keys in ${file} cannot be read: put back the file that was there, or a copy of it.`);
}

/** Whole or not at all: a lost master key would make everything personal unreadable. */
function keep(file: string, keys: Kept): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const handle = openSync(`${file}.new`, 'w', 0o600);
  writeSync(handle, `${JSON.stringify(keys, null, 2)}\n`);
  fsyncSync(handle);
  closeSync(handle);
  renameSync(`${file}.new`, file);
}
