export type ServerName = 'kafka' | 'mongodb' | 'redis';

/** The folder with data, logs, process ids and `servers.json`; absent: `READERSHIP_BACKENDS_FOLDER`, else `.backends`. */
export interface Place {
  readonly folder?: string;
}

export interface Spoken extends Place {
  /** Takes one line per server. */
  readonly say?: (line: string) => void;
}

export interface Status {
  readonly name: ServerName;
  readonly port: number | undefined;
  /** The process, or the container's name; `undefined` while it is down. */
  readonly id: number | string | undefined;
}

export function defaultFolder(): string;

/** Starts what does not run, and names the addresses in `servers.json` once every server has answered a request. */
export function up(options?: Spoken): Promise<Readonly<Record<ServerName, string>>>;

/**
 * Ends every server and waits until it has ended. With `data`, what they stored is deleted too, by name, once all of them
 * have ended; downloads stay. Rejects before anything is ended or deleted when `up` did not make the folder.
 */
export function down(options?: Spoken & { readonly data?: boolean }): Promise<void>;

export function status(options?: Place): Promise<readonly Status[]>;

/** Starts one server on the ports that `up` gave it; resolves once it answers. */
export function start(name: ServerName, options?: Place): Promise<void>;

/** Ends one server in order. One that survives it is killed after twenty seconds; MongoDB, which would lose data, never is. */
export function stop(name: ServerName, options?: Place): Promise<void>;

/** Ends one server at once, as a crash would; refuses MongoDB. */
export function kill(name: ServerName, options?: Place): Promise<void>;

/** Ends one server in order and starts it again on the same ports. */
export function restart(name: ServerName, options?: Place): Promise<void>;

/** Gives each of the names a free port of 127.0.0.1, the one it had before where nobody took it meanwhile, and keeps them. */
export function claimPorts(
  folder: string,
  names: readonly string[],
): Promise<Readonly<Record<string, number>>>;

/** The ports that were given in a folder, by name; in `defaultFolder()` those of the servers. */
export function portsOf(folder: string): Readonly<Record<string, number>>;

/** Resolves once `command` can be run: where it is missing, root installs Debian's package, and anybody else is told to. */
export function need(command: string, debianPackage: string): Promise<void>;
