import { StoreRefused, type StoreKeys } from '../write/store-keys.js';
import { around, type Saboteur } from './contract.js';
import type { StoreOpening } from './store-keys.contract.js';

type StoreKeysSaboteur = Saboteur<StoreOpening>;

/** Opens the store with the keys that `replaced` returns for the first keys and the given ones. */
const opening = (
  name: string,
  breaks: string,
  replaced: (first: StoreKeys, given: StoreKeys) => StoreKeys,
): StoreKeysSaboteur => ({
  name,
  breaks,
  begin: () => {
    let first: StoreKeys | undefined;
    return (port) => around(port, { open: (given) => port.open(replaced((first ??= given), given)) });
  },
});

const empty =
  'an empty store is opened with the keys of its first start and with no others, and names the wrong one';

/** Wrappers that each break one guarantee of a correct opening. */
export const storeKeysSaboteurs: readonly StoreKeysSaboteur[] = [
  opening('compares no key', empty, (first) => first),
  opening('compares the master key alone', empty, ({ cardKey }, { masterKey }) => ({ masterKey, cardKey })),
  opening('compares the card key alone', empty, ({ masterKey }, { cardKey }) => ({ masterKey, cardKey })),
  {
    name: 'does not say in one line why it refuses',
    breaks: empty,
    begin: () => (port) =>
      around(port, {
        open: (given) =>
          port.open(given).catch((error: Error) => {
            throw new StoreRefused(`${error.message}\n${error.stack}`);
          }),
      }),
  },
];
