import type { SqlDriver, SqlStatement } from '@readership/embedded';

/** The simulated process stopped here. */
export class Crash extends Error {
  override readonly name = 'Crash';
}

/** The life of one process. It can pass a number of points at which it could stop; then it is dead for good. */
export class Life {
  private dead = false;

  constructor(private placesLeft: number) {}

  /** Throws `Crash` here, or if it stopped before. */
  pass(): void {
    if (this.dead || this.placesLeft-- <= 0) {
      this.dead = true;
      throw new Crash();
    }
  }

  mustLive(): void {
    if (this.dead) throw new Crash();
  }
}

/**
 * A connection that can stop before each write, and before and after each commit. A stop within a transaction leaves
 * nothing of it, as recovery would. A stop after the commit leaves all of it, although nobody was told.
 */
export function crashing(driver: SqlDriver, life: Life): SqlDriver {
  return {
    exec(sql) {
      life.pass();
      driver.exec(sql);
    },
    prepare(sql) {
      life.mustLive();
      const statement = driver.prepare(sql);
      return /^\s*(SELECT|WITH)\b/i.test(sql) ? reading(statement, life) : writing(statement, life);
    },
    transaction(work) {
      life.pass();
      const result = driver.transaction(() => {
        const done = work();
        life.pass();
        return done;
      });
      life.pass();
      return result;
    },
    // The databases outlive the process.
    close() {},
  };
}

function reading(statement: SqlStatement, life: Life): SqlStatement {
  return met(statement, () => life.mustLive());
}

function writing(statement: SqlStatement, life: Life): SqlStatement {
  return met(statement, () => life.pass());
}

function met(statement: SqlStatement, meet: () => void): SqlStatement {
  return {
    run: (parameters) => (meet(), statement.run(parameters)),
    get: (parameters) => (meet(), statement.get(parameters)),
    all: (parameters) => (meet(), statement.all(parameters)),
    iterate: (parameters) => (meet(), statement.iterate(parameters)),
  };
}
