import type { LoggerService } from '@nestjs/common';
import { Unavailable } from '@readership/kernel';
import pino, { type DestinationStream, type Logger } from 'pino';

/**
 * The part of an error that may be logged: its kind and where it arose. Never its message, which may quote what was
 * sent.
 */
export function causeOf(error: unknown): {
  readonly error: string;
  readonly code?: string;
  readonly reason?: string;
  readonly at?: readonly string[];
} {
  if (!(error instanceof Error)) return { error: typeof error };
  // The code and reason are enough: this may recur at every try until the server is back, so no stack is logged.
  if (error instanceof Unavailable) return { error: error.name, code: error.code, reason: error.reason };
  const code = (error as { code?: unknown }).code;
  const at = (error.stack ?? '')
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .slice(0, 8)
    .map((line) => line.trim());
  return { error: error.name, ...(typeof code === 'string' ? { code } : {}), at };
}

/** A logger that writes one JSON object per line, with `time`, `level`, `message`, `from` and further fields. */
export function jsonLog(level: string, to?: DestinationStream): Logger {
  const options: pino.LoggerOptions = {
    level,
    base: null,
    messageKey: 'message',
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
  };
  return to ? pino(options, to) : pino(options);
}

/** Logs Nest's own messages in the same format. What Nest reports about its start is logged for debugging only. */
export class JsonLogger implements LoggerService {
  constructor(private readonly pino: Logger) {}

  log(message: unknown, ...rest: unknown[]): void {
    this.pino.debug(fields(rest), text(message));
  }

  warn(message: unknown, ...rest: unknown[]): void {
    this.pino.warn(fields(rest), text(message));
  }

  error(message: unknown, ...rest: unknown[]): void {
    // Nest logs that a port is not available before it throws; `serve` tells the user the same in one line.
    const level = text(message).startsWith('Error: listen') ? 'debug' : 'error';
    this.pino[level](fields(rest), text(message));
  }

  debug(message: unknown, ...rest: unknown[]): void {
    this.pino.debug(fields(rest), text(message));
  }

  verbose(message: unknown, ...rest: unknown[]): void {
    this.pino.trace(fields(rest), text(message));
  }

  fatal(message: unknown, ...rest: unknown[]): void {
    this.pino.fatal(fields(rest), text(message));
  }
}

function text(message: unknown): string {
  if (typeof message === 'string') return message;
  return message instanceof Error ? message.name : 'not a message';
}

/** Nest passes details first and the name of the logger last. A stack contains a message, so it is left out. */
function fields(rest: readonly unknown[]): object {
  const last = rest[rest.length - 1];
  const details = rest.filter((part): part is object => typeof part === 'object' && part !== null);
  return Object.assign(typeof last === 'string' && !last.includes('\n') ? { from: last } : {}, ...details);
}
