import type { Adapters } from '@readership/kernel';
import { DataFolder, type FolderAdaptersOptions } from './data-folder.js';

export interface FileOptions extends FolderAdaptersOptions {
  /** Made when it does not exist. */
  readonly folder: string;
}

/**
 * The ports in a folder that nobody else can open until they are closed. Rejects with `FolderUnusable` when the folder
 * cannot be used or another process has it open, and with an `Error` that names the file when a database cannot be
 * used.
 */
export async function fileAdapters(options: FileOptions): Promise<Adapters> {
  const folder = DataFolder.open(options.folder);
  try {
    const adapters = await folder.adapters(options);
    const close = adapters.close.bind(adapters);
    return Object.assign(adapters, {
      close: async () => {
        await close();
        folder.close();
      },
    });
  } catch (error) {
    folder.close();
    throw error;
  }
}
