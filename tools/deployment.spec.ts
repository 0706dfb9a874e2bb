import type { Adapters } from '@readership/kernel';
import { startApp } from '@readership/host/testing';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';

/**
 * What can be checked in the deployment files without servers, containers or tools. tools/check-deployment does the
 * rest.
 */
const root = join(import.meta.dirname, '..');
const contexts = ['patron-profile', 'interaction-log', 'feedback', 'analytics'];
const text = (file: string): string => readFileSync(join(root, file), 'utf8');
const filesUnder = (folder: string, name: RegExp): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => name.test(file))
    .map((file) => `${folder}/${file}`);

const compose = parse(text('docker-compose.yml'), { merge: true });
const manifests = filesUnder('k8s', /\.yaml$/);
const documentsOf = (file: string): any[] =>
  parseAllDocuments(text(file)).map((document) => document.toJS() as unknown);

const secrets = [...new Set(text('docs/configuration.md').match(/\bREADERSHIP_\w+_KEY\b/g))];
const settings = new Set(text('docs/configuration.md').match(/\b(READERSHIP|LOG)_\w+\b/g));
const fromFile = (name: string): string => name.replace(/_FILE$/, '');
const isSecret = (name: string): boolean => /KEY|PASSWORD|SECRET|TOKEN/.test(name);
/** A tag that names at least a minor release. */
const pinned = /:v?\d+\.\d+[\w.-]*$/;

/** Kustomize's strategic merge, as far as our patches need it: lists of named objects are merged by name. */
function merged(into: any, patch: any): any {
  if (Array.isArray(into) && Array.isArray(patch) && patch.every((item) => item?.name !== undefined)) {
    const named = new Map(into.map((item) => [item.name, item]));
    for (const item of patch) named.set(item.name, merged(named.get(item.name), item));
    return [...named.values()];
  }
  if (typeof into !== 'object' || typeof patch !== 'object' || Array.isArray(patch)) return patch;
  const result = { ...into };
  for (const [key, value] of Object.entries(patch)) result[key] = merged(result[key], value);
  return result;
}

/** The base's objects with its patches applied. */
function base(): any[] {
  const { resources, patches } = documentsOf('k8s/base/kustomization.yaml')[0];
  const selects = ({ kind, labelSelector }: any, object: any): boolean => {
    const [label, value] = labelSelector?.split('=') ?? [];
    return object.kind === kind && (label === undefined || object.metadata.labels?.[label] === value);
  };
  return resources
    .flatMap((file: string) => documentsOf(`k8s/base/${file}`))
    .map((object: any) =>
      patches
        .filter(({ target }: any) => selects(target, object))
        .map(({ path }: any) => documentsOf(`k8s/base/${path}`)[0])
        .reduce((sum: any, { metadata: _, kind: __, ...patch }: any) => merged(sum, patch), object),
    );
}

const objects = base();
const ofKind = (kind: string): any[] => objects.filter((object) => object.kind === kind);
const workloads = objects.filter(({ kind }) =>
  ['Deployment', 'Job', 'StatefulSet', 'CronJob'].includes(kind),
);
const containers: { of: string; container: any }[] = workloads.flatMap(({ metadata, spec }) =>
  [...spec.template.spec.containers, ...(spec.template.spec.initContainers ?? [])].map((container) => ({
    of: metadata.name,
    container,
  })),
);
const lasting = containers.filter(({ of }) =>
  ofKind('Deployment').some(({ metadata }) => metadata.name === of),
);

it('every file is YAML without errors or warnings', () => {
  for (const file of [...manifests, 'docker-compose.yml']) {
    const found = parseAllDocuments(text(file), { merge: true }).flatMap(({ errors, warnings }) => [
      ...errors,
      ...warnings,
    ]);
    expect([file, found.map(({ message }) => message)]).toEqual([file, []]);
  }
});

describe('images', () => {
  it('are named by a release, never by what is newest', () => {
    const built = [...text('Dockerfile').matchAll(/^ARG NODE_IMAGE=(.*)$/gm)].map(([, image]) => image);
    const composed = Object.values<any>(compose.services).map(({ image }) => image);
    const deployed = documentsOf('k8s/base/kustomization.yaml')[0].images;
    for (const image of [
      ...built,
      ...composed,
      ...deployed.map(({ name, newTag }: any) => `${name}:${newTag}`),
    ])
      expect(image).toMatch(pinned);
    const named = new Set(deployed.map(({ name }: any) => name));
    expect(containers.filter(({ container }) => !named.has(container.image))).toEqual([]);
  });

  it('all come from the one base, and ours runs as a number that is not root', () => {
    const from = [...text('Dockerfile').matchAll(/^FROM (\S+)/gm)].map(([, image]) => image);
    expect(new Set(from)).toEqual(new Set(['${NODE_IMAGE}']));
    expect(text('Dockerfile')).toMatch(/^USER [1-9]\d*:[1-9]\d*$/m);
  });

  it('are the same in compose and in Kubernetes', () => {
    const { images } = documentsOf('k8s/base/kustomization.yaml')[0];
    const composed = new Set(Object.values<any>(compose.services).map(({ image }) => image));
    expect(images.filter(({ name, newTag }: any) => !composed.has(`${name}:${newTag}`))).toEqual([]);
  });
});

describe('secrets', () => {
  it('have no default in compose, and what is missing says how to make it', () => {
    for (const [name, { environment = {} }] of Object.entries<any>(compose.services))
      for (const [variable, value] of Object.entries<string>(environment).filter(([known]) =>
        isSecret(known),
      ))
        expect([name, value]).toEqual([name, expect.stringMatching(`^\\$\\{${variable}:\\?.*openssl rand`)]);
    for (const context of contexts)
      expect(Object.keys(compose.services[context].environment)).toEqual(expect.arrayContaining(secrets));
  });

  it('are in no file for Kubernetes, and reach a process as files', () => {
    expect(manifests.filter((file) => documentsOf(file).some((object) => object?.kind === 'Secret'))).toEqual(
      [],
    );
    expect(
      text('k8s/base/configuration.env')
        .split('\n')
        .filter((line) => isSecret(line.split('=')[0]!)),
    ).toEqual([]);
    for (const { of, container } of containers.filter(({ container }) => container.name === 'readership')) {
      const given = container.env.filter(({ name }: any) => isSecret(name));
      expect([of, given.map(({ name }: any) => fromFile(name))]).toEqual([
        of,
        expect.arrayContaining(secrets),
      ]);
      for (const { name, value } of given)
        expect([name, value]).toEqual([
          expect.stringMatching(/_FILE$/),
          expect.stringMatching(/^\/run\/readership\/keys\//),
        ]);
    }
  });
});

describe('settings', () => {
  it('that are given are documented', () => {
    const composed = Object.values<any>(compose.services).flatMap(({ environment = {} }) =>
      Object.keys(environment),
    );
    const deployed = text('k8s/base/configuration.env').match(/^\w+(?==)/gm)!;
    const files = containers.flatMap(({ container }) =>
      (container.env ?? []).map(({ name }: any) => fromFile(name)),
    );
    const ours = [...composed, ...deployed, ...files].filter((name) => !name.startsWith('KAFKA_'));
    expect(ours.filter((name) => !settings.has(name))).toEqual([]);
  });
});

describe('compose', () => {
  const services = Object.entries<any>(compose.services);

  it('runs every context by its own program', () => {
    for (const context of contexts)
      expect(compose.services[context].command).toEqual(['node', `apps/${context}/bundle/main.js`]);
  });

  it('opens the gateway alone, and keeps the servers in a network without a way out', () => {
    expect(services.filter(([, { ports }]) => ports !== undefined).map(([name]) => name)).toEqual([
      'gateway',
    ]);
    expect(compose.networks.back).toEqual({ internal: true });
    for (const server of ['kafka', 'mongodb', 'redis'])
      expect(compose.services[server].networks).toEqual(['back']);
  });

  it('gives nobody a right beyond its own, and bounds memory and logs', () => {
    for (const [name, service] of services) {
      expect([name, service.cap_drop, service.security_opt]).toEqual([
        name,
        ['ALL'],
        ['no-new-privileges:true'],
      ]);
      expect([name, service.logging.options]).toEqual([name, { 'max-size': '10m', 'max-file': '5' }]);
      if (service.restart !== 'no')
        expect([name, service.mem_limit]).toEqual([name, expect.stringMatching(/^\d+[mg]$/)]);
    }
  });

  it('asks whoever keeps running whether it is well, and starts a service when what it needs is', () => {
    for (const [name, { healthcheck, restart }] of services)
      expect([name, healthcheck.disable === true]).toEqual([name, restart === 'no']);
    for (const context of contexts)
      expect(compose.services[context].depends_on).toEqual({
        prepare: { condition: 'service_completed_successfully' },
        ...Object.fromEntries(
          ['kafka', 'mongodb', 'redis'].map((name) => [name, { condition: 'service_healthy' }]),
        ),
      });
  });
});

describe('Kubernetes', () => {
  it('runs every context by its own program, with a service, a budget and a scale of the same name', () => {
    for (const context of contexts) {
      const { container } = lasting.find(({ of }) => of === context)!;
      expect(container.args).toEqual(['node', `apps/${context}/bundle/main.js`]);
      for (const kind of ['Service', 'PodDisruptionBudget', 'HorizontalPodAutoscaler'])
        expect([kind, ofKind(kind).some(({ metadata }) => metadata.name === context)]).toEqual([kind, true]);
    }
  });

  it('runs every pod under the restricted profile, without a token', () => {
    for (const { metadata, spec } of workloads)
      expect([metadata.name, spec.template.spec]).toEqual([
        metadata.name,
        expect.objectContaining({
          automountServiceAccountToken: false,
          serviceAccountName: expect.any(String),
          securityContext: expect.objectContaining({
            runAsNonRoot: true,
            runAsUser: expect.any(Number),
            seccompProfile: { type: 'RuntimeDefault' },
          }),
        }),
      ]);
    for (const { of, container } of containers)
      expect([of, container.securityContext]).toEqual([
        of,
        { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
      ]);
  });

  it('bounds what each container uses, and asks those that last whether they are well', () => {
    const amounts = { cpu: expect.any(String), memory: expect.any(String) };
    for (const { of, container } of containers)
      expect([of, container.resources]).toEqual([of, { requests: amounts, limits: amounts }]);
    for (const { of, container } of lasting)
      for (const [probe, path] of [
        ['startupProbe', '/healthz'],
        ['livenessProbe', '/healthz'],
        ['readinessProbe', of === 'gateway' ? '/healthz' : '/readyz'],
      ] as const)
        expect([of, probe, container[probe].httpGet]).toEqual([of, probe, { path, port: 'http' }]);
  });

  it('lets what is under way be finished: no more requests, then the end', () => {
    for (const { of, container } of lasting)
      expect([of, container.lifecycle.preStop.sleep.seconds]).toEqual([of, expect.any(Number)]);
    for (const { spec } of ofKind('Deployment'))
      expect(spec.template.spec.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(60);
  });

  it('denies all traffic but what a policy names', () => {
    const policies = ofKind('NetworkPolicy');
    expect(policies[0].spec).toEqual({ podSelector: {}, policyTypes: ['Ingress', 'Egress'] });
    const open = policies.flatMap(({ spec }) => [...(spec.ingress ?? []), ...(spec.egress ?? [])]);
    expect(open.filter(({ ports = [] }) => ports.length === 0)).toEqual([]);
  });

  it('never runs more copies of a service than the log has partitions', () => {
    const partitions = Number(/READERSHIP_PARTITIONS=(\d+)/.exec(text('k8s/base/configuration.env'))![1]);
    const most = manifests
      .flatMap((file) => documentsOf(file))
      .flatMap((object) => object?.spec?.maxReplicas ?? object?.spec?.maxReplicaCount ?? []);
    expect(Math.max(...most)).toBeLessThanOrEqual(partitions);
  });
});

describe('the gateway', () => {
  const conf = text('k8s/base/gateway/nginx.conf');
  const table = /map \$uri \$service \{([^}]*)\}/.exec(conf)![1]!;
  const routes = [...table.matchAll(/^\s*~(\S+)\s+(\S+);$/gm)].map(
    ([, path, service]) => [new RegExp(path!), service!] as const,
  );
  const serviceOf = (path: string): string | undefined => routes.find(([route]) => route.test(path))?.[1];
  const declaredIn = (folder: string): string[] =>
    filesUnder(folder, /\.controller\.ts$/).flatMap((file) =>
      [...text(file).matchAll(/@Controller\('([^']+)'\)/g)].map(
        ([, prefix]) => `/${prefix!.replace(/:\w+/g, 'x')}`,
      ),
    );

  it('sends every path that a service declares to that service', () => {
    for (const context of contexts) {
      const declared = declaredIn(`libs/${context}/src`);
      expect([context, declared.length > 0]).toEqual([context, true]);
      for (const path of declared)
        expect([`${path}/x`, serviceOf(`${path}/x`)]).toEqual([`${path}/x`, context]);
    }
  });

  it('sends what every service declares to the one that is asked for', () => {
    for (const path of declaredIn('libs/host/src'))
      expect([path, serviceOf(path)]).toEqual([path, '$service_of_context']);
    const named = /map \$args \$service_of_context \{([^}]*)\}/.exec(conf)![1]!;
    for (const context of contexts) expect(named).toContain(` ${context};`);
  });

  it('knows where every service is', () => {
    for (const file of ['upstreams.conf', 'upstreams.compose.conf'])
      for (const context of contexts)
        expect(text(`k8s/base/gateway/${file}`)).toMatch(
          new RegExp(`upstream ${context} \\{[^}]*server ${context}:8080`),
        );
  });

  it('answers with the security headers that the services answer with', async () => {
    const app = await startApp(() => [], {} as Adapters);
    try {
      const { headers } = await app.http({ url: '/v1/nothing', key: null });
      const own = [...conf.matchAll(/add_header (\S+) (?:"([^"]*)"|([^\s$]+)) always;/g)]
        .map(([, name, quoted, plain]) => [name!.toLowerCase(), quoted ?? plain] as const)
        .filter(([name]) => name !== 'cache-control');
      const others =
        /^(ratelimit|x-ratelimit|content-(?:type|length)$|www-|cache-|date|connection|keep-alive|allow)/;
      const theirs = [...headers].filter(([name]) => !others.test(name));
      expect(own.sort()).toEqual(theirs.sort());
      expect(own.length).toBeGreaterThan(8);
    } finally {
      await app.close();
    }
  });

  it('buffers no body, and says alone where a request comes from', () => {
    expect(conf).toMatch(/^ {2}proxy_request_buffering off;$/m);
    expect(conf.match(/X-Forwarded-For (\S+);/g)).toEqual(['X-Forwarded-For $remote_addr;']);
    expect(conf).not.toMatch(/proxy_add_x_forwarded_for|http_x_forwarded/);
  });

  it('is the one proxy that the services believe, and nothing else reaches them', () => {
    for (const context of contexts) {
      const { environment, ports } = compose.services[context];
      expect([environment.READERSHIP_TRUSTED_PROXIES, ports]).toEqual(['1', undefined]);
    }
    expect(text('k8s/base/configuration.env')).toMatch(/^READERSHIP_TRUSTED_PROXIES=1$/m);
    const from = (name: string): any[] =>
      ofKind('NetworkPolicy').find(({ metadata }) => metadata.name === name).spec.ingress[0].from;
    expect(from('services')).toEqual([
      { podSelector: { matchLabels: { 'app.kubernetes.io/component': 'gateway' } } },
      { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'monitoring' } } },
    ]);
    expect(from('gateway')).toEqual([
      { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'ingress-nginx' } } },
    ]);
  });

  it('finds every file that it includes, in compose and in Kubernetes', () => {
    const included = [...conf.matchAll(/^\s*include (\S+);/gm)].map(([, file]) => file!);
    const mounted = compose.services.gateway.volumes.map((volume: string) => volume.split(':').at(-2));
    const { configMapGenerator } = documentsOf('k8s/base/kustomization.yaml')[0];
    const { files } = configMapGenerator.find(({ name }: any) => name === 'gateway');
    for (const file of included) {
      expect(mounted).toContain(`/etc/readership/${file}`);
      expect(files).toContain(`gateway/${file}`);
    }
    expect(included).toHaveLength(3);
  });

  it('logs nothing that names a reader', () => {
    const format = /log_format([^;]*);/.exec(conf)![1]!;
    expect(format).not.toMatch(
      /\$(request\b|request_uri|uri|args|query_string|arg_|remote_|http_|binary_remote)/,
    );
    expect(conf).toMatch(/error_log stderr alert;/);
  });
});
