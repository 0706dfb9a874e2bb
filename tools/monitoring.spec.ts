import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

const root = join(import.meta.dirname, '..');
const text = (file: string): string => readFileSync(join(root, file), 'utf8');

describe('monitoring', () => {
  const alerts: any[] = parse(text('k8s/monitoring/alerts.yaml')).groups.flatMap(({ rules }: any) => rules);
  const dashboard = JSON.parse(text('k8s/monitoring/dashboard.json'));
  const queries: string[] = [
    ...alerts.map(({ expr }) => expr),
    ...dashboard.panels.flatMap(({ targets = [] }: any) => targets.map(({ expr }: any) => expr)),
  ];

  it('asks for metrics that exist', () => {
    const told = new Set(text('libs/host/src/metrics.ts').match(/\breadership_\w+/g));
    const asked = queries.flatMap((query) => query.match(/\breadership_\w+/g) ?? []);
    expect(
      asked.map((name) => name.replace(/_(bucket|count|sum)$/, '')).filter((name) => !told.has(name)),
    ).toEqual([]);
  });

  it('names for every alert the section that says what to do, and tests it', () => {
    const tested = text('k8s/monitoring/alerts.test.yaml');
    for (const { alert, labels, annotations } of alerts) {
      expect([alert, annotations.runbook]).toEqual([alert, `OPERATIONS.md#${alert.toLowerCase()}`]);
      expect([alert, labels.severity]).toEqual([alert, expect.stringMatching(/^(critical|warning)$/)]);
      expect([alert, tested.includes(`alertname: ${alert}\n`)]).toEqual([alert, true]);
    }
    const operations = existsSync(join(root, 'OPERATIONS.md')) ? text('OPERATIONS.md') : undefined;
    const sections = operations
      ?.match(/^#+ .*$/gm)
      ?.map((heading) => heading.replace(/^#+ /, '').toLowerCase());
    expect(sections ? alerts.filter(({ alert }) => !sections.includes(alert.toLowerCase())) : []).toEqual([]);
  });

  it('shows each panel once', () => {
    const ids = dashboard.panels.map(({ id }: any) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });
});
