import { join, resolve } from 'node:path';
import type { Config } from './config.js';

/** Text as one word of a POSIX shell. */
export const shellWord = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/**
 * A command that sets `KEY` to the access key in any POSIX shell of the user who started this process. It reads the key
 * from where the process has it, so that no line on a screen and no history of a shell holds the key.
 */
export function keyCommand(
  { dataFolder }: Pick<Config, 'dataFolder'>,
  env: Readonly<Record<string, string | undefined>>,
): string {
  const file = env['READERSHIP_ADMIN_KEY_FILE'];
  if (file) return `KEY=$(cat ${shellWord(resolve(file))})`;
  if (env['READERSHIP_ADMIN_KEY']) return 'KEY=${READERSHIP_ADMIN_KEY:?is what this start was given}';
  const keys = shellWord(resolve(join(dataFolder, 'keys.json')));
  return `KEY=$(node -p 'require(process.argv[1]).adminKey' ${keys})`;
}
