import { AnalyticsModule } from '@readership/analytics';
import { memoryAdapters } from '@readership/embedded';
import { FeedbackModule } from '@readership/feedback';
import {
  createApp,
  extentOf,
  extents,
  permissions,
  readConfig,
  roles,
  routesOf,
  Secrets,
  type Needed,
  type Route,
} from '@readership/host';
import { InteractionLogModule } from '@readership/interaction-log';
import { PatronProfileModule } from '@readership/patron-profile';

/** The parts of docs/access.md that are printed from the code, as Markdown by their names. */
export interface AccessTables {
  readonly roles: string;
  readonly routes: string;
}

/** Prints what the table of permissions says, and what the routes of all contexts need. */
export async function accessTables(): Promise<AccessTables> {
  return { roles: rolesTable(), routes: routesTable(await routesOfContexts()) };
}

/** The document with these parts in the place of its own. Throws when it lacks the place of one. */
export function withTables(document: string, tables: AccessTables): string {
  return Object.entries(tables).reduce((text, [name, table]) => {
    const [begin, end] = [`<!-- printed: ${name} -->\n`, `\n<!-- end of ${name} -->`];
    const [from, to] = [text.indexOf(begin), text.indexOf(end)];
    if (from < 0 || to < from) throw new Error(`the document has no place for ${name}`);
    return `${text.slice(0, from + begin.length)}\n${table}\n${text.slice(to)}`;
  }, document);
}

async function routesOfContexts(): Promise<readonly Route[]> {
  const adapters = memoryAdapters();
  const key = Buffer.alloc(32);
  const app = await createApp(
    [PatronProfileModule, InteractionLogModule, FeedbackModule, AnalyticsModule].map((each) =>
      each.on(adapters),
    ),
    readConfig({ LOG_LEVEL: 'silent' }),
    {
      access: adapters.access,
      secrets: new Secrets({ masterKey: key, cardKey: key, linkKey: key, adminKey: 'x'.repeat(64) }),
    },
  );
  try {
    return routesOf(app);
  } finally {
    await app.close();
    await adapters.close();
  }
}

function rolesTable(): string {
  const legend = Object.entries(extents).map(([sign, meaning]) => `\`${sign}\` ${meaning}`);
  const rows = permissions.map((permission) => [
    `\`${permission}\``,
    ...roles.map((role) => extentOf(role, permission)),
  ]);
  return `${legend.join(' · ')}\n\n${table(['permission', ...roles], rows)}`;
}

function routesTable(routes: readonly Route[]): string {
  const needed: readonly Needed[] = [...permissions, 'any credential', 'nothing'];
  const rows = needed.flatMap((needs) => {
    const names = routes
      .filter((route) => route.needs === needs)
      .map(({ method, path }) => `\`${method} ${path}\``);
    const name = needs === 'any credential' || needs === 'nothing' ? needs : `\`${needs}\``;
    return names.length === 0 ? [] : [[name, names.join('<br>')]];
  });
  return table(['needs', 'routes'], rows);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
