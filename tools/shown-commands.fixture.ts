import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Shown {
  readonly command: string;
  readonly output: string;
}

/** The commands of the console blocks of a document in a folder, with the output that it shows. */
export function shownIn(folder: string, document: string): readonly Shown[] {
  const shown: { command: string; output: string }[] = [];
  for (const [, indent, block] of readFileSync(join(folder, document), 'utf8').matchAll(
    /^( *)```console\n([\s\S]*?)^ *```/gm,
  )) {
    for (const indented of block!.trimEnd().split('\n')) {
      const line = indented.slice(indent!.length);
      if (line.startsWith('$ ')) shown.push({ command: line.slice(2), output: '' });
      else shown[shown.length - 1]!.output += `${line}\n`;
    }
  }
  return shown;
}

const between = '@@@';

/** A script that runs the commands; `differing` reads what it prints. */
export function scriptOf(shown: readonly Shown[]): string {
  return shown.map(({ command }) => `${command}\nprintf '\\n${between}\\n'`).join('\n');
}

/** The commands that print something else than the document shows, in which `…` stands for anything. */
export function differing(
  shown: readonly Shown[],
  out: string,
): readonly { readonly command: string; readonly shown: string; readonly printed: string }[] {
  const printed = out.split(`\n${between}\n`);
  return shown
    .map(({ command, output }, at) => ({ command, shown: output, printed: printed[at] ?? '' }))
    .filter((each) => !matches(each.printed, each.shown === '' ? '…' : each.shown));
}

function matches(actual: string, shown: string): boolean {
  const pattern = shown
    .trim()
    .split('…')
    .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    .join('[\\s\\S]*');
  return new RegExp(`^${pattern}$`).test(actual.trim());
}
