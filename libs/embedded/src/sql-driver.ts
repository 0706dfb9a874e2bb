import { createRequire } from 'node:module';
import { Unavailable } from '@readership/kernel';

/** What a database column or parameter may hold. Whole numbers beyond ±(2^53 − 1) are refused, not rounded. */
export type SqlValue = string | number | Uint8Array | null;
export type SqlRow = readonly SqlValue[];

/** A prepared statement. Parameters are an array with one value per `?`; rows are arrays in column order. */
export interface SqlStatement {
  run(parameters: readonly SqlValue[]): { readonly changes: number; readonly lastId: number };
  get(parameters: readonly SqlValue[]): SqlRow | undefined;
  all(parameters: readonly SqlValue[]): readonly SqlRow[];
  iterate(parameters: readonly SqlValue[]): Iterable<SqlRow>;
}

/**
 * One synchronous connection to one database. Every embedded adapter uses it, so that a test can interrupt between any
 * two writes.
 */
export interface SqlDriver {
  exec(sql: string): void;
  /** The same text gives the same statement, so call it where the statement is used. */
  prepare(sql: string): SqlStatement;
  /** Runs `work` in one immediate transaction and rolls back everything when it throws. Transactions are not nested. */
  transaction<T>(work: () => T): T;
  close(): void;
}

/** A parameter that the engine would misread, truncate or crash on. */
export class SqlMisuse extends TypeError {
  override readonly name = 'SqlMisuse';
}

/** A database file is damaged, or cannot be read and written. The message is one line that names the file. */
export class DatabaseUnusable extends Error {
  override readonly name = 'DatabaseUnusable';
}

/** What the two engines have in common. */
interface EngineStatement {
  run(parameters: readonly SqlValue[]): { changes: number; lastInsertRowid: number };
  get(parameters: readonly SqlValue[]): SqlRow | undefined;
  all(parameters: readonly SqlValue[]): SqlRow[];
  iterate(parameters: readonly SqlValue[]): Iterable<SqlRow>;
}

interface Engine {
  exec(sql: string): void;
  prepare(sql: string): EngineStatement;
  close(): void;
}

export interface DriverOptions {
  /** How long to wait for another writer. */
  readonly busyTimeoutMs?: number;
  /** Keeps all other processes out until it is closed. */
  readonly lock?: boolean;
}

/**
 * Opens a database file, or `:memory:`. Each commit is durable. Throws `DatabaseUnusable`, here and at each use, when
 * the file is damaged or may not be read and written.
 */
export function openDriver(path: string, options: DriverOptions = {}): SqlDriver {
  const engine = asked(path, () => nodeEngine(path) ?? libsqlEngine(path));
  const driver = new GuardedDriver(engine, path);
  try {
    driver.exec(`PRAGMA busy_timeout=${options.busyTimeoutMs ?? 5000}`);
    if (options.lock) driver.exec('BEGIN EXCLUSIVE');
    else {
      driver.exec('PRAGMA journal_mode=WAL');
      driver.exec('PRAGMA synchronous=FULL');
      driver.exec('PRAGMA secure_delete=ON');
    }
  } catch (error) {
    driver.close();
    throw error;
  }
  return driver;
}

/** True when somebody else holds the database. */
export function isBusy(error: unknown): boolean {
  return error instanceof Unavailable && error.code === 'STORE_UNAVAILABLE';
}

const damaged = /file is not a database|disk image is malformed/;
const inaccessible = /unable to open|readonly database|disk I\/O error|access permission denied/i;

/**
 * Runs an engine call and converts its error: `Unavailable` when the engine is busy or out of space, `DatabaseUnusable`
 * when the file is at fault. The two engines report these in different fields.
 */
function asked<T>(path: string, engine: () => T): T {
  try {
    return engine();
  } catch (error) {
    const { code, message } = error as { readonly code?: unknown; readonly message?: unknown };
    if (String(code).startsWith('SQLITE_BUSY') || String(message).includes('database is locked')) {
      throw new Unavailable('STORE_UNAVAILABLE', 'SQLITE_BUSY');
    }
    if (code === 'SQLITE_FULL' || String(message).includes('database or disk is full')) {
      throw new Unavailable('STORE_FULL', 'SQLITE_FULL');
    }
    const harm = damaged.exec(String(message));
    if (harm) {
      throw new DatabaseUnusable(
        `${path} is damaged (${harm[0]}): restore the data folder from a backup, or delete the data with --reset.`,
        { cause: error },
      );
    }
    const refused = inaccessible.exec(String(message));
    if (refused) {
      throw new DatabaseUnusable(
        `${path} cannot be read and written (${refused[0]}): check the owner of the file and its folder, and whether the disk works.`,
        { cause: error },
      );
    }
    throw error;
  }
}

class GuardedDriver implements SqlDriver {
  private readonly statements = new Map<string, GuardedStatement>();
  private inTransaction = false;
  private closed = false;

  constructor(
    private readonly engine: Engine,
    private readonly path: string,
  ) {}

  exec(sql: string): void {
    this.mustBeOpen();
    asked(this.path, () => this.engine.exec(sql));
  }

  prepare(sql: string): SqlStatement {
    this.mustBeOpen();
    let statement = this.statements.get(sql);
    if (!statement) {
      statement = new GuardedStatement(
        asked(this.path, () => this.engine.prepare(sql)),
        placeholders(sql),
        this.path,
        () => this.mustBeOpen(),
      );
      this.statements.set(sql, statement);
    }
    return statement;
  }

  transaction<T>(work: () => T): T {
    if (this.inTransaction) throw new SqlMisuse('transactions do not nest');
    this.prepare('BEGIN IMMEDIATE').run([]);
    this.inTransaction = true;
    try {
      const result = work();
      this.prepare('COMMIT').run([]);
      return result;
    } catch (error) {
      this.rollback();
      throw error;
    } finally {
      this.inTransaction = false;
    }
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    try {
      // Not every engine does this by itself; whoever copies the database alone must not lose what was stored last.
      this.engine.exec('PRAGMA busy_timeout=0');
      this.engine.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    } catch {
      // Somebody else has it open, or it is damaged or full: nothing is lost, it stays in the write-ahead log.
    }
    this.statements.clear();
    this.engine.close();
  }

  private rollback(): void {
    try {
      this.engine.exec('ROLLBACK');
    } catch {
      // A full disk may have rolled back already. The error that led here is the one to report.
    }
  }

  private mustBeOpen(): void {
    if (this.closed) throw new SqlMisuse('the database is closed');
  }
}

class GuardedStatement implements SqlStatement {
  constructor(
    private readonly statement: EngineStatement,
    private readonly parameterCount: number,
    private readonly path: string,
    private readonly mustBeOpen: () => void,
  ) {}

  run(parameters: readonly SqlValue[]): { readonly changes: number; readonly lastId: number } {
    this.check(parameters);
    const { changes, lastInsertRowid } = asked(this.path, () => this.statement.run(parameters));
    return { changes, lastId: lastInsertRowid };
  }

  get(parameters: readonly SqlValue[]): SqlRow | undefined {
    this.check(parameters);
    return asked(this.path, () => this.statement.get(parameters));
  }

  all(parameters: readonly SqlValue[]): readonly SqlRow[] {
    this.check(parameters);
    return asked(this.path, () => this.statement.all(parameters));
  }

  iterate(parameters: readonly SqlValue[]): Iterable<SqlRow> {
    this.check(parameters);
    return asked(this.path, () => this.statement.iterate(parameters));
  }

  private check(parameters: readonly SqlValue[]): void {
    this.mustBeOpen();
    if (!Array.isArray(parameters)) throw new SqlMisuse('parameters are an array');
    if (parameters.length !== this.parameterCount) {
      throw new SqlMisuse(`${this.parameterCount} parameters are needed, ${parameters.length} were given`);
    }
    for (let i = 0; i < parameters.length; i++) checkValue(parameters[i], i);
  }
}

/** Throws `SqlMisuse` for a value that cannot be stored as it is. Call it also for values inside JSON text. */
export function checkValue(value: unknown, index = 0): void {
  switch (typeof value) {
    case 'string':
      if (value.includes('\0')) throw new SqlMisuse(`parameter ${index} holds a NUL character`);
      if (!wellFormed(value)) throw new SqlMisuse(`parameter ${index} holds a lone surrogate`);
      return;
    case 'number':
      if (!Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value))) {
        throw new SqlMisuse(`parameter ${index} is not a number that can be stored exactly`);
      }
      return;
    case 'object':
      if (value === null || value instanceof Uint8Array) return;
  }
  throw new SqlMisuse(`parameter ${index} is of type ${typeof value}, which cannot be stored`);
}

function wellFormed(text: string): boolean {
  return (text as string & { isWellFormed(): boolean }).isWellFormed();
}

/** The number of `?` outside quotes. Numbered and named parameters are not used here. */
function placeholders(sql: string): number {
  const bare = sql.replace(/'(?:[^']|'')*'|"[^"]*"|--[^\n]*/g, '');
  if (/\?\d|[:@$]\w/.test(bare)) throw new SqlMisuse('parameters are written as plain ?');
  return bare.split('?').length - 1;
}

/** Node's own SQLite, if the runtime has one that returns rows as arrays. */
function nodeEngine(path: string): Engine | null {
  interface NodeStatement {
    setReturnArrays(on: boolean): void;
    run(...parameters: readonly SqlValue[]): { changes: number; lastInsertRowid: number };
    get(...parameters: readonly SqlValue[]): SqlRow | undefined;
    all(...parameters: readonly SqlValue[]): SqlRow[];
    iterate(...parameters: readonly SqlValue[]): Iterable<SqlRow>;
  }
  interface NodeSqlite {
    StatementSync: { readonly prototype: Partial<NodeStatement> };
    DatabaseSync: new (path: string) => {
      exec(sql: string): void;
      prepare(sql: string): NodeStatement;
      close(): void;
    };
  }
  const builtin = (process as { getBuiltinModule?(id: string): unknown }).getBuiltinModule?.('node:sqlite');
  if (!builtin) return null;
  const { DatabaseSync, StatementSync } = builtin as NodeSqlite;
  // Checks the class, because a statement cannot be prepared while somebody else has locked the database.
  if (!StatementSync.prototype.setReturnArrays) return null;
  const database = new DatabaseSync(path);
  return {
    exec: (sql) => database.exec(sql),
    prepare(sql) {
      const statement = database.prepare(sql);
      statement.setReturnArrays(true);
      return {
        run: (parameters) => statement.run(...parameters),
        get: (parameters) => statement.get(...parameters),
        // Copies into an array of this realm: the engine's arrays come from Node's own realm, which differs under Jest.
        all: (parameters) => [...statement.all(...parameters)],
        iterate: (parameters) => statement.iterate(...parameters),
      };
    },
    close: () => database.close(),
  };
}

function libsqlEngine(path: string): Engine {
  interface LibsqlStatement extends EngineStatement {
    reader: boolean;
    raw(on: boolean): LibsqlStatement;
  }
  const Libsql = createRequire(import.meta.url)('libsql') as new (path: string) => {
    exec(sql: string): void;
    prepare(sql: string): LibsqlStatement;
    close(): void;
  };
  const database = new Libsql(path);
  return {
    exec: (sql) => database.exec(sql),
    // Raw rows are arrays, without the timing object that this engine adds to others.
    prepare: (sql) => {
      const statement = database.prepare(sql);
      return statement.reader ? statement.raw(true) : statement;
    },
    close: () => database.close(),
  };
}
