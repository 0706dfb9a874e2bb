import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keyCommand } from './key-command.js';

let folder: string;
beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'readership-')), `the board's "$HOME" \`data\``);
  mkdirSync(folder);
});
afterEach(() => rmSync(folder, { recursive: true }));

/** What `KEY` is in a shell into which the command is pasted. */
function pasted(command: string, env: Readonly<Record<string, string>> = {}) {
  const { stdout, stderr } = spawnSync('sh', ['-c', `${command}\nprintf %s "$KEY"`], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], ...env },
  });
  return { key: stdout, said: stderr };
}

describe('the command that sets KEY', () => {
  it('reads keys.json, whatever its folder is called', () => {
    writeFileSync(join(folder, 'keys.json'), '{"adminKey":"kept-$key"}');
    const command = keyCommand({ dataFolder: folder }, {});
    expect(pasted(command)).toEqual({ key: 'kept-$key', said: '' });
    expect(command).not.toContain('kept-$key');
  });

  it('reads the file that gave the key', () => {
    const file = join(folder, 'key');
    writeFileSync(file, 'mounted\n');
    expect(pasted(keyCommand({ dataFolder: folder }, { READERSHIP_ADMIN_KEY_FILE: file })).key).toBe(
      'mounted',
    );
  });

  it('takes the variable that gave the key, and says which when the shell lacks it', () => {
    const given = { READERSHIP_ADMIN_KEY: 'from the environment' };
    const command = keyCommand({ dataFolder: folder }, given);
    expect(pasted(command, given).key).toBe('from the environment');
    expect(pasted(command)).toEqual({ key: '', said: expect.stringContaining('READERSHIP_ADMIN_KEY') });
  });
});
