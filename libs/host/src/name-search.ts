import { ApiQuery } from '@nestjs/swagger';
import { foldedName } from '@readership/contracts';
import { Refusal } from '@readership/kernel';

const charsMax = 200;
/** So short that they would be found inside of every other name. */
const short = /^[a-z0-9]{1,2}$/;

/** Says whether these texts together have every word that is looked for. */
type NameSearch = (...texts: readonly string[]) => boolean;

/**
 * Parses `?q=` of a list that is read whole, such as the branches. A name is found by parts of its words, in any order,
 * those of one or two letters or digits by the beginning of a word. Case, accents, composition, punctuation and `ß` for
 * `ss` do not count. Throws `BAD_QUERY` when there is nothing to look for, or more than 200 characters.
 */
export function nameSearch(q: string): NameSearch {
  const words = q.length > charsMax ? [] : folded(q).split(' ').filter(Boolean);
  if (words.length === 0) {
    throw new Refusal('BAD_QUERY', 'invalid', `Give 1 to ${charsMax} characters to look for.`);
  }
  return (...texts) => {
    const among = ` ${texts.map(folded).join(' ')}`;
    return words.every((word) => among.includes(short.test(word) ? ` ${word}` : word));
  };
}

/** Describes `q` of a list that is searched with `nameSearch`. */
export const NameQuery = (what: string): MethodDecorator =>
  ApiQuery({
    name: 'q',
    required: false,
    schema: { type: 'string', minLength: 1, maxLength: charsMax },
    description: `Parts of ${what}, in any order; case, accents and punctuation do not count.`,
  });

function folded(text: string): string {
  return foldedName(text).replaceAll('ß', 'ss');
}
