/** A server that is one process of this machine. */
export interface ServerProcess {
  readonly name: string;
  /** The program and its arguments, of which one names a file in the folder. */
  command(place: { readonly folder: string }): readonly string[];
  install(cache: string): Promise<unknown>;
}

export interface Processes {
  /** Resolves once the process is to be seen, or has ended. */
  launch(server: ServerProcess): Promise<void>;
  running(server: ServerProcess): Promise<number | undefined>;
  signal(server: ServerProcess, signal: NodeJS.Signals): Promise<void>;
}

/** The servers of a folder as processes of this machine that outlive whoever started them. */
export function processes(folder: string, cache: string): Processes;
