/** Everything that we ask of a MongoDB-wire server, so that every server with this subset will do. */
const commands = new Set([
  'insert',
  'update',
  'delete',
  'find',
  'getMore',
  'killCursors',
  'aggregate',
  'createIndexes',
  'drop',
  'dropDatabase',
  'ping',
  'hello',
  'ismaster',
  'endSessions',
]);
const stages = new Set(['$match', '$group', '$sort', '$limit', '$skip', '$project', '$count', '$unwind']);
const accumulators = new Set(['$sum']);
const comparisons = new Set([
  '$eq',
  '$ne',
  '$gt',
  '$gte',
  '$lt',
  '$lte',
  '$in',
  '$nin',
  '$exists',
  '$or',
  '$and',
]);
const changes = new Set(['$set', '$unset', '$inc', '$max', '$push', '$pull', '$addToSet', '$setOnInsert']);
const withinChanges = new Set(['$each', '$slice', '$in', '$lt', '$lte', '$gt', '$gte']);
/** Options of any command. The last two show a transaction. */
const forbiddenOptions = ['arrayFilters', 'collation', 'startTransaction', 'txnNumber'];

type Json = Readonly<Record<string, unknown>>;

/** The parts of a command that are outside the subset, in words; empty when there are none. */
export function outsideSubset(name: string, command: Json): readonly string[] {
  const found: string[] = [];
  if (!commands.has(name)) found.push(`the command ${name}`);
  for (const option of forbiddenOptions) if (option in command) found.push(`the option ${option}`);
  if ('filter' in command) operators(command['filter'], comparisons, 'filter', found);
  for (const one of listOf(command['deletes'])) operators(one['q'], comparisons, 'filter', found);
  for (const one of listOf(command['updates'])) {
    operators(one['q'], comparisons, 'filter', found);
    if (Array.isArray(one['u'])) found.push('an update by a pipeline');
    else update(one['u'] as Json, found);
    for (const option of forbiddenOptions) if (option in one) found.push(`the option ${option}`);
  }
  for (const stage of listOf(command['pipeline'])) {
    for (const [operator, body] of Object.entries(stage)) {
      if (!stages.has(operator)) found.push(`the stage ${operator}`);
      if (operator === '$match') operators(body, comparisons, 'filter', found);
      if (operator === '$group') operators(body, accumulators, 'group', found);
    }
  }
  for (const index of listOf(command['indexes'])) {
    for (const option of ['expireAfterSeconds', 'partialFilterExpression', 'collation', 'sparse'])
      if (option in index) found.push(`an index with ${option}`);
  }
  return found;
}

/** Checks an update by operators. A whole document replaces another and may hold anything. */
function update(change: Json, found: string[]): void {
  for (const [operator, body] of Object.entries(change)) {
    if (!operator.startsWith('$')) continue;
    if (!changes.has(operator)) found.push(`the change ${operator}`);
    if (operator === '$push' || operator === '$pull' || operator === '$addToSet')
      operators(body, withinChanges, 'change', found);
  }
}

function operators(body: unknown, allowed: ReadonlySet<string>, where: string, found: string[]): void {
  if (Array.isArray(body)) {
    for (const one of body) operators(one, allowed, where, found);
  } else if (isPlain(body)) {
    for (const [name, inner] of Object.entries(body)) {
      if (name.startsWith('$') && !allowed.has(name)) found.push(`${name} in a ${where}`);
      operators(inner, allowed, where, found);
    }
  }
}

function listOf(value: unknown): readonly Json[] {
  return Array.isArray(value) ? (value as Json[]) : [];
}

function isPlain(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
