import { foldedName } from '@readership/contracts';
import anyAscii from 'any-ascii';

/** The folded name in Latin letters, so that `wang` finds `王` and `oster` finds `Øster`. */
export function latinName(name: string): string {
  return foldedName(anyAscii(name.normalize('NFKC')));
}
