/**
 * Reading of command lines, in plain JavaScript that Node runs as it is: options are judged before anything is installed
 * or built.
 */
import { parseArgs } from 'node:util';

export class WrongOption extends Error {
  name = 'WrongOption';
}

export function parsed(args, options, operandsMax = 0) {
  const known = { ...options, help: { type: 'boolean', short: 'h' } };
  const { tokens } = parseArgs({
    args: [...args],
    options: known,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const values = {};
  const operands = [];
  for (const token of tokens) {
    if (token.kind === 'positional') operands.push(token.value);
    if (token.kind !== 'option') continue;
    const { name, rawName, value } = token;
    if (!Object.hasOwn(known, name)) throw new WrongOption(`there is no option ${rawName}`);
    const takesValue = known[name].type === 'string';
    // An option in the place of a value means that the value was forgotten. A key may begin with one hyphen.
    if (takesValue && (value === undefined || (!token.inlineValue && /^(--|-h$)/.test(value))))
      throw new WrongOption(`--${name} needs a value`);
    if (!takesValue && value !== undefined) throw new WrongOption(`--${name} takes no value`);
    values[name] = takesValue ? value : true;
  }
  if (values.help !== true && operands.length > operandsMax)
    throw new WrongOption('there is a word too many: quote a value that holds spaces');
  return { values, operands };
}

export function wholeNumber(option, text, from, to) {
  if (/^\d{1,15}$/.test(text) && Number(text) >= from && Number(text) <= to) return Number(text);
  throw new WrongOption(`${option} takes a number from ${from} to ${to}`);
}

export function readOrEnd(program, read) {
  let options;
  try {
    options = read();
  } catch (error) {
    if (!(error instanceof WrongOption)) throw error;
    console.error(`${program}: ${error.message}; ${program} --help lists what there is.`);
    process.exit(2);
  }
  if (typeof options === 'string') {
    console.log(options);
    process.exit(0);
  }
  return options;
}
