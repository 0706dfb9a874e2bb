import { hkdfSync, randomBytes } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  existsSync,
  fchmodSync,
  fsyncSync,
  lstatSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Config } from './config.js';

/** The keys of a deployment. None of them is ever logged or sent in an answer. */
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

/** A key of 32 bytes for one purpose, from which nobody can tell the key that it derives from, or that of another purpose. */
export function derivedKey(key: Buffer, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', key, '', `readership:${purpose}`, 32));
}

const keyNames = ['masterKey', 'cardKey', 'linkKey', 'adminKey'] as const;
type Kept = Partial<Record<(typeof keyNames)[number], string>> & {
  /** True when nobody has been shown the access key since it was made. */
  readonly adminKeyUnseen?: true;
  /** API keys of the sample consortium, by role. */
  readonly sampleKeys?: Readonly<Record<string, string>>;
};

/**
 * Loads the keys from the environment. Those that it does not give come from `keys.json` (mode 0600) in the data
 * folder; a key that is in neither is made and stored there. `adminKeyIsNew` means that nobody has seen the access key:
 * show it once everything runs, then call `adminKeyShown`. Throws an `Error` of one line that names the file and never
 * quotes it, also when a key would have to be made although `databases`, the files of the folder, were made with
 * another one.
 */
export function loadSecrets(
  config: Config,
  databases: readonly string[] = [],
): { readonly secrets: Secrets; readonly adminKeyIsNew: boolean } {
  const file = fileOf(config);
  const kept = readKept(file);
  const made: Kept = {};
  for (const name of keyNames) {
    if (config[name] !== undefined || kept[name] !== undefined) continue;
    // The access key stands on command lines, where a text that begins with a hyphen would be taken for an option.
    made[name] = randomBytes(32).toString(name === 'adminKey' ? 'hex' : 'base64');
  }
  const lacking = Object.keys(made);
  if (lacking.length > 0 && databases.length > 0) {
    throw new Error(
      `The keys in ${file} lack ${lacking.join(', ')}, and the folder holds data that needs them (${databases.join(', ')}): restore the original file or a copy of it.`,
    );
  }
  const all: Kept = { ...kept, ...made, ...(made.adminKey === undefined ? {} : { adminKeyUnseen: true }) };
  if (lacking.length > 0) keep(file, all);
  const bytes = (name: 'masterKey' | 'cardKey' | 'linkKey'): Buffer =>
    config[name] ?? Buffer.from(all[name]!, 'base64');
  return {
    secrets: new Secrets({
      masterKey: bytes('masterKey'),
      cardKey: bytes('cardKey'),
      linkKey: bytes('linkKey'),
      adminKey: config.adminKey ?? all.adminKey!,
    }),
    adminKeyIsNew: config.adminKey === undefined && all.adminKeyUnseen === true,
  };
}

/** Records that the user has seen the access key, so that it is not new at the next start. */
export function adminKeyShown(config: Config): void {
  const file = fileOf(config);
  const { adminKeyUnseen, ...kept } = readKept(file);
  if (adminKeyUnseen) keep(file, kept);
}

/** The API keys of the sample consortium that were kept, by role. */
export function keptSampleKeys(config: Config): Readonly<Record<string, string>> {
  return readKept(fileOf(config)).sampleKeys ?? {};
}

/** Keeps the API keys of the sample consortium where its owner finds them, instead of those that were kept. */
export function keepSampleKeys(config: Config, sampleKeys: Readonly<Record<string, string>>): void {
  const file = fileOf(config);
  keep(file, { ...readKept(file), sampleKeys });
}

/** The file that holds the keys. A symbolic link is followed, and stays a link. */
function fileOf({ dataFolder }: Config): string {
  const file = join(dataFolder, 'keys.json');
  return existsSync(file) ? realpathSync(file) : file;
}

function readKept(file: string): Kept {
  let text: string;
  try {
    // A link to a missing file must not lead to new keys.
    if (lstatSync(file, { throwIfNoEntry: false }) === undefined) return {};
    if ((statSync(file).mode & 0o077) !== 0) chmodSync(file, 0o600);
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new Error(
      `The keys in ${file} cannot be read (${codeOf(error)}): give the file to the user who starts Readership.`,
      { cause: error },
    );
  }
  try {
    const kept = JSON.parse(text) as Kept;
    if (typeof kept !== 'object' || Array.isArray(kept)) throw new TypeError('no object');
    const good = keyNames.every((name) => {
      const key: unknown = kept[name];
      if (key === undefined) return true;
      return typeof key === 'string' && (name === 'adminKey' || Buffer.from(key, 'base64').length === 32);
    });
    if (good) return kept;
  } catch {
    // Reported below without the parser's message, which would quote a key.
  }
  throw new Error(`The keys in ${file} cannot be read: restore the original file or a copy of it.`);
}

/** Writes the whole file or nothing, because a lost master key would make all personal data unreadable. */
function keep(file: string, keys: Kept): void {
  const unfinished = `${file}.new`;
  try {
    // A file that a killed start left may be readable by others.
    rmSync(unfinished, { force: true });
    const handle = openSync(unfinished, 'wx', 0o600);
    try {
      fchmodSync(handle, 0o600);
      writeFileSync(handle, `${JSON.stringify(keys, null, 2)}\n`);
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    renameSync(unfinished, file);
  } catch (error) {
    throw new Error(
      `The keys cannot be kept in ${file} (${codeOf(error)}): check the owner of the file and its folder, and whether the disk has room.`,
      { cause: error },
    );
  }
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? (error as Error).name;
}
