import { Refusal } from '@readership/kernel';

/** Query parameters. The edge refuses a repeated one. */
export type Parameters = Readonly<Record<string, string | undefined>>;

/** The value of a parameter that is one of these; `undefined` when it is absent. Throws `BAD_PARAMETER`. */
export function oneOf<Value extends string>(
  asked: Parameters,
  name: string,
  values: readonly Value[],
): Value | undefined {
  const value = asked[name];
  if (value === undefined) return undefined;
  const known = values.find((one) => one === value);
  if (known !== undefined) return known;
  throw new Refusal(
    'BAD_PARAMETER',
    'invalid',
    `Give \`${name}\` as one of ${values.join(', ')}.`,
    `/${name}`,
  );
}
