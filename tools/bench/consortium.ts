import type { ReadershipClient } from '@readership/client';

const perRequest = 2_000;
const branchesPerLibrary = 100;

/** Registers libraries, branches `B0`, `B1`, … and readers with the cards `C0`, `C1`, … */
export async function register(client: ReadershipClient, branches: number, readers: number): Promise<void> {
  for (let l = 0; l * branchesPerLibrary < branches; l++) {
    await client.send('POST', '/v1/libraries', { id: `L${l}`, name: `L${l}` });
  }
  for (let b = 0; b < branches; b++) {
    const library = `L${Math.floor(b / branchesPerLibrary)}`;
    await client.send('POST', '/v1/branches', { id: `B${b}`, name: `B${b}`, library, timeZone: 'UTC' });
  }
  for (let at = 0; at < readers; at += perRequest) {
    await client.sendLines(
      '/v1/patrons/batch',
      Array.from({ length: Math.min(perRequest, readers - at) }, (_, i) => ({
        cards: [`C${at + i}`],
        givenName: 'Given',
        familyName: 'Family',
        homeBranch: `B${(at + i) % branches}`,
        enrolledOn: '2021-01-04',
      })),
    );
  }
}

/** Records loans from February 2021 to January 2024 in batches of 2,000. */
export async function recordLoans(
  client: ReadershipClient,
  loans: number,
  branches: number,
  readers: number,
): Promise<void> {
  for (let at = 0; at < loans; at += perRequest) {
    await client.recordMany(
      Array.from({ length: Math.min(perRequest, loans - at) }, (_, i) => ({
        specversion: '1.0' as const,
        type: 'org.readership.interaction.v1' as const,
        source: '/bench',
        id: String(at + i),
        time: new Date(Date.UTC(2021, 1, 1) + ((at + i) / loans) * 3 * 365 * 86_400_000).toISOString(),
        data: {
          kind: 'loan' as const,
          branch: `B${(at + i) % branches}`,
          card: `C${((at + i) * 7919) % readers}`,
        },
      })),
    );
  }
}
